//
// FramesEngine.h
//
// Definition of the FramesEngine class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef FramesEngine_INCLUDED
#define FramesEngine_INCLUDED


#include "ThreadEngine.h"


class FramesEngine: public ThreadEngine
	/// Echoes frame by frame, with nothing but what Poco's own WebSocket class has, too.
{
public:
	explicit FramesEngine(int maxPayload);
		/// Creates the engine. A frame with a payload of more than maxPayload
		/// bytes ends its connection.

protected:
	Poco::Net::WebSocket accept(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override;
	void echo(Poco::Net::WebSocket& ws) override;

private:
	const int _maxPayload;
};


#endif // FramesEngine_INCLUDED
