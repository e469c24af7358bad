//
// Engine.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Engine.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/StreamCopier.h"
#include <sstream>


using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;


namespace
{
	const Poco::Timespan PATIENCE(1, 0);
}


std::vector<Poco::UInt16> freePorts(std::size_t count)
{
	std::vector<ServerSocket> sockets;
	std::vector<Poco::UInt16> ports;
	while (ports.size() < count)
	{
		sockets.emplace_back(SocketAddress("127.0.0.1", 0));
		ports.push_back(sockets.back().address().port());
	}
	return ports;
}


bool isFree(const std::string& address, Poco::UInt16 port)
{
	try
	{
		ServerSocket socket;
		const SocketAddress wanted(address, port);
		if (wanted.family() == SocketAddress::IPv6) socket.bind6(wanted, true, false, false);
		else socket.bind(wanted, true, false);
		socket.listen();
		return true;
	}
	catch (Poco::Net::NetException&)
	{
		return false;
	}
}


bool get(Poco::UInt16 port, const std::string& path, std::string& body)
{
	body.clear();
	try
	{
		HTTPClientSession session("127.0.0.1", port);
		session.setTimeout(PATIENCE);
		HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPRequest::HTTP_1_1);
		session.sendRequest(request);
		HTTPResponse response;
		Poco::StreamCopier::copyToString(session.receiveResponse(response), body);
		return response.getStatus() == HTTPResponse::HTTP_OK;
	}
	catch (Poco::Exception&)
	{
		return false;
	}
}


std::map<std::string, std::string> redisInfo(Poco::UInt16 port)
{
	std::map<std::string, std::string> info;
	try
	{
		StreamSocket socket;
		socket.connect(SocketAddress("127.0.0.1", port), PATIENCE);
		socket.setReceiveTimeout(PATIENCE);
		const std::string command = "INFO\r\nQUIT\r\n"; // it closes the connection behind the answer
		socket.sendBytes(command.data(), static_cast<int>(command.size()));
		std::string answer;
		char buffer[4096];
		for (int count; (count = socket.receiveBytes(buffer, sizeof(buffer))) > 0;) answer.append(buffer, static_cast<std::size_t>(count));
		std::istringstream lines(answer);
		for (std::string line; std::getline(lines, line);)
		{
			const std::size_t colon = line.find(':');
			if (colon != std::string::npos) info[line.substr(0, colon)] = line.substr(colon + 1, line.find('\r') - colon - 1);
		}
		if (info["loading"] != "0") info.clear();
	}
	catch (Poco::Exception&)
	{
		info.clear();
	}
	return info;
}
