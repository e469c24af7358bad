//
// LineReader.h
//
// Definition of the LineReader class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef LineReader_INCLUDED
#define LineReader_INCLUDED


#include <string>


class LineReader
	/// Takes lines from a file descriptor, as they come.
{
public:
	explicit LineReader(int fd);

	int fd() const;
		/// Returns the file descriptor.

	void read();
		/// Reads what is there; blocks if that is nothing.
		/// To be called when nextLine() has returned false.

	bool nextLine(std::string& line);
		/// Takes the next line, without its end, which may be missing after the last one.
		/// Returns false if no whole line has been read.

	bool atEnd() const;
		/// Returns true if the end was read and all lines were taken.

private:
	int _fd;
	bool _ended = false;
	std::string _data;
	std::size_t _taken = 0;
};


#endif // LineReader_INCLUDED
