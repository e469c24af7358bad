//
// MessageLink.h
//
// Definition of the MessageLink class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef MessageLink_INCLUDED
#define MessageLink_INCLUDED


#include "ShellLink.h"
#include "Poco/Net/WebSocket.h"
#include <deque>
#include <future>


class MessageLink: public ShellLink
	/// Whole messages, compressed if that was agreed on. What is received are messages, PONGs and the
	/// server's Close; the WebSocket has answered PINGs and that Close already.
	///
	/// Messages can be sent in blocking mode only. So that the session never waits for a server that
	/// does not read, each is sent by a thread of its own.
{
public:
	explicit MessageLink(const Poco::Net::WebSocket& ws);

	~MessageLink() override;
		/// Cuts the connection off if something is still being sent.

	bool receive(Frame& frame) override;
	bool send(const Frame& frame) override;

private:
	void fetch();
	void transmit(const Frame& frame);
	Frame closeFrame() const;

	Poco::Net::WebSocket _ws;
	std::deque<Frame> _received;
	std::future<void> _sending; // valid while a frame is not known to be sent
};


#endif // MessageLink_INCLUDED
