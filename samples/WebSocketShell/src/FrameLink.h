//
// FrameLink.h
//
// Definition of the FrameLink class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef FrameLink_INCLUDED
#define FrameLink_INCLUDED


#include "ShellLink.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Buffer.h"


class FrameLink: public ShellLink
	/// Every frame as it is on the wire, by non-blocking calls.
{
public:
	explicit FrameLink(const Poco::Net::WebSocket& ws);

	bool receive(Frame& frame) override;
	bool send(const Frame& frame) override;

private:
	Poco::Net::WebSocket _ws;
	Poco::Buffer<char> _buffer;
};


#endif // FrameLink_INCLUDED
