//
// ShellSession.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ShellSession.h"
#include "FrameLink.h"
#include "MessageLink.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SocketImpl.h"
#include "Poco/Exception.h"
#include "Poco/FileStream.h"
#include "Poco/NumberParser.h"
#include "Poco/StreamCopier.h"
#include <cerrno>
#include <iostream>
#include <poll.h>
#include <unistd.h>


using Poco::Net::WebSocket;
using Poco::Timestamp;


namespace
{
	const int FRAMES_PER_TURN = 100;
	const Timestamp::TimeDiff STOP_PATIENCE = Timestamp::resolution(); // 1 s

	const std::string TOO_BIG("the message is larger than --max-payload allows");

	const char* const HELP =
		"/text TEXT             send TEXT as it is\n"
		"/binary FILE           send the file as a binary message\n"
		"/ping [TEXT]           send a ping\n"
		"/close [CODE [REASON]] close the connection; the code is 1000 if none is given\n"
		"/help                  show this\n"
		"Any other line is sent as a text message.\n";


	void say(const std::string& text)
	{
		std::cerr << "WebSocketShell: " << text << std::endl;
	}


	int closeCode(const std::string& payload)
		/// Returns 1005 if there is none (RFC 6455, 7.1.5).
	{
		if (payload.size() < 2) return WebSocket::WS_RESERVED_NO_STATUS_CODE;
		return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
	}


	std::string closePayload(int code, const std::string& reason = std::string())
	{
		return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
	}


	std::unique_ptr<ShellLink> createLink(const WebSocket& ws, const ShellSettings& settings)
	{
		if (settings.deflate) return std::make_unique<MessageLink>(ws);
		return std::make_unique<FrameLink>(ws);
	}


	std::string takeWord(std::string& text)
		/// Removes the first word, and the blanks around it.
	{
		const std::size_t begin = text.find_first_not_of(' ');
		const std::size_t end = begin == std::string::npos ? begin : text.find(' ', begin);
		std::string word = begin == std::string::npos ? std::string() : text.substr(begin, end - begin);
		const std::size_t rest = end == std::string::npos ? end : text.find_first_not_of(' ', end);
		text = rest == std::string::npos ? std::string() : text.substr(rest);
		return word;
	}
}


ShellSession::ShellSession(const WebSocket& ws, const ShellSettings& settings, LineReader& input):
	_socket(ws.impl()->sockfd()),
	_pLink(createLink(ws, settings)),
	_settings(settings),
	_printer(settings.quiet),
	_messageText(ws.subprotocol()),
	_input(input)
{
}


ShellSession::Outcome ShellSession::run()
{
	if (_settings.binary) enqueue(WebSocket::FRAME_BINARY, *_settings.binary);
	while (!_outcome)
	{
		try
		{
			turn();
		}
		catch (Poco::Net::WebSocketException& exc)
		{
			// All but the lost end: the server broke a rule, and has been sent a Close.
			say(exc.code() == WebSocket::WS_ERR_PAYLOAD_TOO_BIG ? TOO_BIG : exc.message());
			finish(exc.code() == WebSocket::WS_ERR_INCOMPLETE_FRAME ? LOST : CLOSED_ABNORMALLY);
		}
		catch (Poco::Exception& exc)
		{
			say(exc.displayText());
			finish(LOST);
		}
	}
	return *_outcome;
}


void ShellSession::turn()
{
	const bool mayBeMore = receive();
	if (_outcome) return;
	flush();
	takeInput();
	checkDeadline();
	if (_printer.failed()) stop();
	if (!_outcome) wait(mayBeMore ? 0 : millisecondsLeft());
}


void ShellSession::wait(int milliseconds)
{
	const bool inputWanted = _queue.empty() && !_closing && !_input.atEnd();
	const short socketEvents = _queue.empty() ? POLLIN : POLLIN | POLLOUT;
	pollfd fds[] = {
		{_stopping ? -1 : _stopSignal.fd(), POLLIN, 0},
		{_socket, socketEvents, 0},
		{inputWanted ? _input.fd() : -1, POLLIN, 0}
	};
	if (poll(fds, 3, milliseconds) < 0)
	{
		if (errno != EINTR) throw Poco::SystemException("Cannot wait for input", errno);
		return;
	}
	if (fds[0].revents != 0) stop();
	if (fds[2].revents != 0) _input.read();
}


void ShellSession::takeInput()
{
	std::string line;
	while (_queue.empty() && !_closing && _input.nextLine(line))
	{
		handleLine(line);
		flush();
	}
	if (_queue.empty() && !_closing && _input.atEnd() && !_deadline)
		setDeadline(_settings.wait.totalMicroseconds());
}


void ShellSession::handleLine(const std::string& line)
{
	if (_settings.commands && !line.empty() && line[0] == '/')
	{
		std::string argument = line.substr(1);
		const std::string name = takeWord(argument);
		handleCommand(name, argument);
	}
	else enqueueLine(line);
}


void ShellSession::enqueueLine(std::string line)
{
	try
	{
		const bool binary = _messageText.encode(line);
		enqueue(binary ? WebSocket::FRAME_BINARY : WebSocket::FRAME_TEXT, line);
	}
	catch (Poco::SyntaxException& exc)
	{
		say(exc.message());
	}
}


void ShellSession::handleCommand(const std::string& name, const std::string& argument)
{
	if (name == "text")
	{
		enqueueLine(argument);
	}
	else if (name == "ping")
	{
		enqueue(WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PING, argument);
	}
	else if (name == "close")
	{
		handleCloseCommand(argument);
	}
	else if (name == "binary")
	{
		try
		{
			enqueue(WebSocket::FRAME_BINARY, readFile(argument));
		}
		catch (Poco::Exception& exc)
		{
			say("/binary: " + exc.displayText());
		}
	}
	else if (name == "help")
	{
		std::cerr << HELP;
	}
	else say("no such command: /" + name + " (/help lists them)");
}


void ShellSession::handleCloseCommand(const std::string& argument)
{
	std::string reason = argument;
	const std::string text = takeWord(reason);
	unsigned code = WebSocket::WS_NORMAL_CLOSE;
	if (!text.empty() && (!Poco::NumberParser::tryParseUnsigned(text, code) || code > 65535))
		say("/close: not a close code: " + text);
	else
		enqueueClose(closePayload(static_cast<int>(code), reason), _settings.timeout.totalMicroseconds());
}


bool ShellSession::receive()
	/// Returns true if there may be more to receive at once.
{
	for (int i = 0; i < FRAMES_PER_TURN; ++i)
	{
		if (_outcome || _pendingOutcome) return false;
		Frame frame = {0, std::string()};
		if (!_pLink->receive(frame)) return false;
		if (frame.flags == 0 && frame.payload.empty())
		{
			if (!_stopping) say("the connection ended without a Close frame");
			finish(LOST);
		}
		else handleFrame(frame);
	}
	return true;
}


void ShellSession::handleFrame(const Frame& frame)
{
	const int opcode = frame.flags & WebSocket::FRAME_OP_BITMASK;
	if (opcode < WebSocket::FRAME_OP_CLOSE)
	{
		handleMessage(frame);
		return;
	}
	_printer.print(FramePrinter::RECEIVED, opcode, frame.payload);
	if (opcode == WebSocket::FRAME_OP_PING) handlePing(frame.payload);
	if (opcode == WebSocket::FRAME_OP_CLOSE) handleClose(frame.payload);
}


void ShellSession::handleMessage(const Frame& frame)
{
	if ((frame.flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CONT)
		_messageOpcode = frame.flags & WebSocket::FRAME_OP_BITMASK;
	if (_message.size() + frame.payload.size() > static_cast<std::size_t>(_settings.maxPayload))
	{
		say(TOO_BIG);
		_pendingOutcome = CLOSED_ABNORMALLY;
		enqueueClose(closePayload(WebSocket::WS_PAYLOAD_TOO_BIG), STOP_PATIENCE);
		return;
	}
	_message += frame.payload;
	++_messageFrames;
	if (frame.flags & WebSocket::FRAME_FLAG_FIN)
	{
		printMessage();
		_message.clear();
		_messageFrames = 0;
	}
}


void ShellSession::printMessage()
{
	if (_messageOpcode == WebSocket::FRAME_OP_BINARY && _messageText.decode(_message)) _messageOpcode = WebSocket::FRAME_OP_TEXT;
	_printer.print(FramePrinter::RECEIVED, _messageOpcode, _message, _messageFrames);
}


void ShellSession::handlePing(const std::string& payload)
{
	if (_closing) return;
	const int flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
	if (_queue.size() > 1 && _queue.back().flags == flags)
		_queue.back().payload = payload; // RFC 6455, 5.5.3: the last one is enough
	else
		enqueue(flags, payload);
}


void ShellSession::handleClose(const std::string& payload)
{
	const int code = closeCode(payload);
	const bool normal = code == WebSocket::WS_NORMAL_CLOSE || code == WebSocket::WS_ENDPOINT_GOING_AWAY
		|| code == WebSocket::WS_RESERVED_NO_STATUS_CODE;
	_pendingOutcome = normal ? CLOSED_NORMALLY : CLOSED_ABNORMALLY;
	if (_closeSent)
		finish(*_pendingOutcome);
	else
		enqueueClose(payload.substr(0, 2), STOP_PATIENCE); // RFC 6455, 5.5.1: the code that was received
}


void ShellSession::enqueue(int flags, const std::string& payload)
{
	_queue.push_back({flags, payload});
}


void ShellSession::enqueueClose(const std::string& payload, Timestamp::TimeDiff patience)
	/// Our Close goes out next, but an unfinished frame must be finished before.
{
	setDeadline(patience);
	if (_closing) return;
	_closing = true;
	_queue.erase(_queue.begin() + (_firstBegun ? 1 : 0), _queue.end());
	enqueue(WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_CLOSE, payload);
}


void ShellSession::flush()
{
	while (!_queue.empty() && !_outcome)
	{
		const Frame& frame = _queue.front();
		const int opcode = frame.flags & WebSocket::FRAME_OP_BITMASK;
		try
		{
			_firstBegun = !_pLink->send(frame);
			if (_firstBegun) return;
			std::string shown = frame.payload;
			const bool text = opcode == WebSocket::FRAME_OP_BINARY && _messageText.decode(shown);
			_printer.print(FramePrinter::SENT, text ? static_cast<int>(WebSocket::FRAME_OP_TEXT) : opcode, shown);
			if (opcode == WebSocket::FRAME_OP_CLOSE)
			{
				_closeSent = true;
				if (_pendingOutcome) finish(*_pendingOutcome);
			}
		}
		catch (Poco::InvalidArgumentException& exc)
		{
			say(exc.message());
			_firstBegun = false;
			if (opcode == WebSocket::FRAME_OP_CLOSE)
			{
				_closing = false;
				_deadline.reset();
			}
		}
		_queue.pop_front();
	}
}


void ShellSession::stop()
{
	if (_stopping) return;
	_stopping = true;
	enqueueClose(closePayload(WebSocket::WS_ENDPOINT_GOING_AWAY), STOP_PATIENCE);
}


void ShellSession::setDeadline(Timestamp::TimeDiff microseconds)
{
	_deadline = Timestamp() + microseconds;
}


int ShellSession::millisecondsLeft() const
	/// Returns -1 if there is no deadline.
{
	if (!_deadline) return -1;
	const Timestamp::TimeDiff left = (*_deadline - Timestamp() + 999)/1000;
	return static_cast<int>(std::min<Timestamp::TimeDiff>(std::max<Timestamp::TimeDiff>(left, 0), 60000));
}


void ShellSession::checkDeadline()
{
	if (_outcome || !_deadline || Timestamp() < *_deadline) return;
	if (_closing)
	{
		if (!_stopping) say("the server did not answer the Close frame");
		finish(LOST);
	}
	else
	{
		enqueueClose(closePayload(WebSocket::WS_NORMAL_CLOSE), _settings.timeout.totalMicroseconds());
		flush();
	}
}


void ShellSession::finish(Outcome outcome)
	/// A stop, or a Close that was received, outweighs how the connection ended after that.
{
	if (_stopping)
		_outcome = CLOSED_NORMALLY;
	else
		_outcome = _pendingOutcome.value_or(outcome);
}


std::string ShellSession::readFile(const std::string& path)
{
	Poco::FileInputStream file(path);
	std::string content;
	Poco::StreamCopier::copyToString64(file, content);
	if (file.bad()) throw Poco::ReadFileException(path);
	if (content.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
		throw Poco::DataException("The file is larger than 2 GiB", path);
	return content;
}
