//
// NATSSupport.cpp
//
// A node on NATS without a hub, and who writes what no node does.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSSupport.h"
#include <chrono>
#include <stdexcept>
#include <thread>


NATSSink::Turn::Turn(NATSSink& sink, const std::string& channel):
	_sink(sink),
	_channel(channel)
{
	const std::lock_guard<std::mutex> lock(_sink._mutex);
	if (!_sink._running.insert(_channel).second) ++_sink._overlaps;
}


NATSSink::Turn::~Turn()
{
	const std::lock_guard<std::mutex> lock(_sink._mutex);
	_sink._running.erase(_channel);
}


void NATSSink::onPublication(const std::string& channel, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) noexcept
{
	const Turn turn(*this, channel);
	std::unique_lock<std::mutex> lock(_mutex);
	_unblocked.wait(lock, [this]() { return !_blocked; });
	_publications[channel].push_back(pPublication->data + (pReceipt ? " own" : ""));
	_times.push_back(pPublication->published);
	_positions[channel].push_back(pPublication->position);
	if (pReceipt) Receipt::Ptr(pReceipt)->deliver({1, 0, 0});
}


void NATSSink::onGap(const std::string& channel) noexcept
{
	const Turn turn(*this, channel);
	const std::lock_guard<std::mutex> lock(_mutex);
	++_gaps[channel];
}


void NATSSink::onPresence(const std::string&, const Member&, bool) noexcept
{
	ADD_FAILURE() << "there is no presence";
}


void NATSSink::onControl(const Control& control) noexcept
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_controls.push_back(control.message.data);
}


std::vector<std::string> NATSSink::publications(const std::string& channel) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	const auto it = _publications.find(channel);
	return it == _publications.end() ? std::vector<std::string>() : it->second;
}


std::vector<Time> NATSSink::times() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _times;
}


std::vector<Position> NATSSink::positions(const std::string& channel) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	const auto it = _positions.find(channel);
	return it == _positions.end() ? std::vector<Position>() : it->second;
}


std::vector<std::string> NATSSink::controls() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _controls;
}


int NATSSink::gaps(const std::string& channel) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	const auto it = _gaps.find(channel);
	return it == _gaps.end() ? 0 : it->second;
}


int NATSSink::overlaps() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _overlaps;
}


void NATSSink::block(bool blocked)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_blocked = blocked;
	_unblocked.notify_all();
}


NATSNode::NATSNode(const std::string& url):
	NATSNode(NATSBackplaneParams::Ptr(new NATSBackplaneParams(url)))
{
}


NATSNode::NATSNode(const NATSBackplaneParams::Ptr& pParams, bool start):
	pBackplane(new NATSBackplane(pParams))
{
	if (start) pBackplane->start(pSink);
}


NATSNode::~NATSNode()
{
	pSink->block(false);
	pBackplane->stop();
	EXPECT_EQ(0, pSink->overlaps());
}


bool NATSNode::until(const std::function<bool()>& condition)
{
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
	auto tick = std::chrono::steady_clock::now();
	while (!condition())
	{
		const auto now = std::chrono::steady_clock::now();
		if (now >= end) return false;
		if (now >= tick)
		{
			pBackplane->tick();
			tick = now + std::chrono::milliseconds(100);
		}
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	return true;
}


template <typename Result>
struct Given
	/// An answer that may come when nobody waits any more.
{
	std::atomic<bool> given{false};
	Result result = {};

	void give(const Result& answer)
	{
		EXPECT_FALSE(given) << "a second answer";
		result = answer;
		given = true;
	}
};


Error NATSNode::subscribe(const std::string& channel)
{
	Position position;
	return subscribe(channel, position);
}


Error NATSNode::subscribe(const std::string& channel, Position& position)
{
	const auto pGiven = std::make_shared<Given<std::pair<Error, Position>>>();
	pBackplane->subscribe(channel, options, [pGiven](Error error, const Position& where) { pGiven->give({error, where}); });
	EXPECT_TRUE(until([&]() { return pGiven->given.load(); })) << "no answer";
	position = pGiven->given ? pGiven->result.second : Position();
	return pGiven->given ? pGiven->result.first : Error::TIMED_OUT;
}


PublishResult NATSNode::publish(const std::string& channel, const std::string& data, const std::string& transaction)
{
	const auto pGiven = std::make_shared<Given<PublishResult>>();
	{
		const Receipt::Ptr pReceipt(new Receipt([pGiven](const PublishResult& result) { pGiven->give(result); }));
		const Publication::Ptr pPublication = publicationOf(data);
		Publication::Ptr(pPublication)->transaction = transaction;
		pBackplane->publish(channel, options, pPublication, pReceipt);
	}
	EXPECT_TRUE(until([&]() { return pGiven->given.load(); })) << "no answer";
	return pGiven->given ? pGiven->result : PublishResult();
}


HistoryResult NATSNode::history(const std::string& channel, const HistoryQuery& query)
{
	const auto pGiven = std::make_shared<Given<HistoryResult>>();
	pBackplane->history(channel, options, query, [pGiven](const HistoryResult& result) { pGiven->give(result); });
	EXPECT_TRUE(until([&]() { return pGiven->given.load(); })) << "no answer";
	return pGiven->given ? pGiven->result : HistoryResult();
}


std::string NATSNode::text(const std::string& channel)
{
	HistoryQuery query;
	query.limit = 1000;
	const HistoryResult result = history(channel, query);
	if (result.error != Error::NONE) return toString(result.error);
	std::string text = std::to_string(result.position.offset) + ':';
	for (const Publication::Ptr& pPublication: result.publications) text += ' ' + pPublication->data;
	return text;
}


void NATSNode::send(const std::string& channel, const std::string& data)
{
	const auto pCounts = pAnswers;
	const Receipt::Ptr pReceipt(new Receipt([pCounts](const PublishResult& result)
	{
		if (result.error == Error::NONE) ++pCounts->done;
		else if (result.error == Error::BUSY) ++pCounts->busy;
		else if (result.error == Error::UNAVAILABLE) ++pCounts->unavailable;
		else ++pCounts->others;
	}));
	pBackplane->publish(channel, options, publicationOf(data), pReceipt);
}


NATSWriter::NATSWriter(const std::string& url)
{
	if (natsConnection_ConnectTo(&_pConnection, url.c_str()) != NATS_OK) throw std::runtime_error("There is no server of NATS");
}


NATSWriter::~NATSWriter()
{
	natsConnection_Destroy(_pConnection);
}


void NATSWriter::write(const std::string& subject, const std::string& data)
{
	EXPECT_EQ(NATS_OK, natsConnection_Publish(_pConnection, subject.c_str(), data.data(), static_cast<int>(data.size())));
	EXPECT_EQ(NATS_OK, natsConnection_Flush(_pConnection));
}


std::string NATSWriter::ask(const std::string& subject, const std::string& data)
{
	natsMsg* pReply = nullptr;
	EXPECT_EQ(NATS_OK, natsConnection_Request(&pReply, _pConnection, subject.c_str(), data.data(), static_cast<int>(data.size()), 10000)) << subject;
	const std::string answer = pReply ? std::string(natsMsg_GetData(pReply), static_cast<std::size_t>(natsMsg_GetDataLength(pReply))) : std::string();
	natsMsg_Destroy(pReply);
	return answer;
}


std::vector<std::string> NATSWriter::streams()
{
	const std::string answer = ask("$JS.API.STREAM.NAMES");
	std::vector<std::string> names;
	std::size_t begin = answer.find("\"streams\":[");
	if (begin == std::string::npos) return names;
	begin += 11;
	while (answer[begin] != ']')
	{
		begin = answer.find('"', begin) + 1;
		const std::size_t end = answer.find('"', begin);
		names.push_back(answer.substr(begin, end - begin));
		begin = end + 1;
	}
	return names;
}


Publication::Ptr publicationOf(const std::string& data)
{
	Publication::Ptr pPublication(new Publication);
	pPublication->data = data;
	return pPublication;
}
