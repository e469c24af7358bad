//
// ShellSession.h
//
// Definition of the ShellSession class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ShellSession_INCLUDED
#define ShellSession_INCLUDED


#include "FramePrinter.h"
#include "LineReader.h"
#include "MessageText.h"
#include "ShellLink.h"
#include "ShellSettings.h"
#include "StopSignal.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Timestamp.h"
#include <deque>
#include <memory>
#include <optional>
#include <string>


class ShellSession
	/// Sends what comes from the standard input, and prints what comes from the server,
	/// until the connection has ended.
	///
	/// poll() waits for the WebSocket, for the input and for the signals at the same time.
{
public:
	enum Outcome
		/// The program's exit codes.
	{
		CLOSED_NORMALLY = 0,
		NOT_CONNECTED   = 1,
		LOST            = 2,
		CLOSED_ABNORMALLY = 3
	};

	ShellSession(const Poco::Net::WebSocket& ws, const ShellSettings& settings, LineReader& input);
		/// What is left of the input is there for the next session.

	Outcome run();
		/// Returns how the connection ended.

	static std::string readFile(const std::string& path);
		/// Returns the content of a file. Throws a Poco::Exception if it cannot
		/// be read or is too large for a frame.

private:
	using Frame = ShellLink::Frame;

	void turn();
	void wait(int milliseconds);
	void takeInput();
	void handleLine(const std::string& line);
	void enqueueLine(std::string line);
	void handleCommand(const std::string& name, const std::string& argument);
	void handleCloseCommand(const std::string& argument);

	bool receive();
	void handleFrame(const Frame& frame);
	void handleMessage(const Frame& frame);
	void printMessage();
	void handlePing(const std::string& payload);
	void handleClose(const std::string& payload);

	void enqueue(int flags, const std::string& payload);
	void enqueueClose(const std::string& payload, Poco::Timestamp::TimeDiff patience);
	void flush();

	void stop();
	void setDeadline(Poco::Timestamp::TimeDiff microseconds);
	int  millisecondsLeft() const;
	void checkDeadline();
	void finish(Outcome outcome);

	const int _socket;
	const std::unique_ptr<ShellLink> _pLink;
	const ShellSettings& _settings;
	FramePrinter _printer;
	const MessageText _messageText;
	StopSignal _stopSignal;
	LineReader& _input;

	std::deque<Frame> _queue;
	bool _firstBegun = false;  // _queue's first frame was sent in part
	bool _closing = false;     // our Close frame is in _queue, or was sent
	bool _closeSent = false;
	bool _stopping = false;
	std::optional<Poco::Timestamp> _deadline;
		// until _closing for answers after the end of the input, then for the peer's Close

	int _messageOpcode = 0;
	int _messageFrames = 0;
	std::string _message;

	std::optional<Outcome> _pendingOutcome; // decided, but our Close has to be sent first
	std::optional<Outcome> _outcome;
};


#endif // ShellSession_INCLUDED
