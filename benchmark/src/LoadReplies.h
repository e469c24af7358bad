//
// LoadReplies.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadReplies
//
// Are the answers those that must come?
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadReplies_INCLUDED
#define Benchmark_LoadReplies_INCLUDED


#include "LoadMessages.h"
#include <memory>


class Replies
	/// What comes back on a connection. Throws a std::runtime_error for what is no echo.
{
public:
	virtual ~Replies() = default;

	virtual std::uint64_t take(const char* pData, std::size_t length) = 0;
		/// Takes what has been received; returns how many messages are complete with it.

	virtual void verify()
		/// Compares what was taken with what was sent, as far as take() has not: the next messages can be sent before.
	{
	}
};


class EqualReplies: public Replies
	/// Uncompressed answers: each byte is known. Headers, and with them lengths, are compared always,
	/// the rest of long frames one time in SAMPLE.
{
public:
	explicit EqualReplies(const Wire& expected);

	std::uint64_t take(const char* pData, std::size_t length) override;

private:
	const Wire& _expected;
	std::uint64_t _received = 0;
	std::uint64_t _begin = 0; // of the frame in progress
	std::uint64_t _end;
	std::uint64_t _count = 0; // of those before it
};


class FragmentedReplies: public Replies
	/// Uncompressed answers, in any number of frames. Headers are compared always, and payloads as above.
{
public:
	FragmentedReplies(const LoadOptions& options, const std::string& payload);

	std::uint64_t take(const char* pData, std::size_t length) override;

private:
	bool takeHeader(char ch);

	const std::string& _payload;
	const bool _binary;
	std::string _header;       // of the frame in progress, until it is complete
	std::uint64_t _left = 0;   // of the frame's payload
	std::size_t _position = 0; // in the message
	bool _inPayload = false;
	bool _inMessage = false;
	bool _last = false;        // frame of the message
	std::uint64_t _count = 0;  // of messages
};


class InflatedReplies: public Replies
	/// Compressed answers, or such that may be: every one is decompressed and compared.
{
public:
	InflatedReplies(const LoadOptions& options, const std::vector<std::string>& payloads);
	~InflatedReplies() override;

	std::uint64_t take(const char* pData, std::size_t length) override;
	void verify() override;

private:
	struct Stream;

	std::size_t frame(std::size_t position, std::size_t& header) const;
	void inflate(const char* pData, std::size_t length);

	const std::vector<std::string>& _payloads;
	const bool _binary;
	const bool _takeover;
	std::unique_ptr<Stream> _pStream;
	std::string _input;         // frames, as they came
	std::size_t _counted = 0;   // up to here by take()
	std::size_t _next = 0;      // payload that must come
	std::string _message;       // as it must be equal to it
	std::size_t _length = 0;
	bool _inMessage = false;
	bool _compressed = false;
};


#endif // Benchmark_LoadReplies_INCLUDED
