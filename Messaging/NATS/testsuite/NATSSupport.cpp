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


Error NATSNode::subscribe(const std::string& channel)
{
	const auto pAnswer = std::make_shared<std::atomic<int>>(-1);
	pBackplane->subscribe(channel, ChannelOptions(), [pAnswer](Error error, const Position&) { *pAnswer = static_cast<int>(error); });
	EXPECT_TRUE(until([&]() { return *pAnswer >= 0; })) << "no answer";
	return static_cast<Error>(pAnswer->load());
}


PublishResult NATSNode::publish(const std::string& channel, const std::string& data)
{
	struct Given
	{
		std::atomic<bool> given{false};
		PublishResult result;
	};
	const auto pGiven = std::make_shared<Given>();
	{
		const Receipt::Ptr pReceipt(new Receipt([pGiven](const PublishResult& result)
		{
			pGiven->result = result;
			pGiven->given = true;
		}));
		pBackplane->publish(channel, ChannelOptions(), publicationOf(data), pReceipt);
	}
	EXPECT_TRUE(until([&]() { return pGiven->given.load(); })) << "no answer";
	return pGiven->given ? pGiven->result : PublishResult();
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
	pBackplane->publish(channel, ChannelOptions(), publicationOf(data), pReceipt);
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


Publication::Ptr publicationOf(const std::string& data)
{
	Publication::Ptr pPublication(new Publication);
	pPublication->data = data;
	return pPublication;
}
