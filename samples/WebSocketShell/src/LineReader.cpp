//
// LineReader.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LineReader.h"
#include <cerrno>
#include <unistd.h>


LineReader::LineReader(int fd):
	_fd(fd)
{
}


int LineReader::fd() const
{
	return _fd;
}


void LineReader::read()
{
	_data.erase(0, _taken);
	_taken = 0;
	char chunk[65536];
	const ssize_t n = ::read(_fd, chunk, sizeof(chunk));
	if (n > 0)
		_data.append(chunk, static_cast<std::size_t>(n));
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		_ended = true;
}


bool LineReader::nextLine(std::string& line)
{
	const std::size_t end = _data.find('\n', _taken);
	if (end != std::string::npos)
	{
		line.assign(_data, _taken, end - _taken);
		_taken = end + 1;
		return true;
	}
	if (!_ended || _taken == _data.size()) return false;
	line.assign(_data, _taken);
	_taken = _data.size();
	return true;
}


bool LineReader::atEnd() const
{
	return _ended && _taken == _data.size();
}
