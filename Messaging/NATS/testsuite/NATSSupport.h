//
// NATSSupport.h
//
// A node on NATS without a hub, and who writes what no node does.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef NATSSupport_INCLUDED
#define NATSSupport_INCLUDED


#include "NATSServer.h"
#include "Poco/Messaging/NATSBackplane.h"
#include <gtest/gtest.h>
#include <nats/nats.h>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>


using Poco::Messaging::Backplane;
using Poco::Messaging::BackplaneSink;
using Poco::Messaging::ChannelOptions;
using Poco::Messaging::Control;
using Poco::Messaging::Error;
using Poco::Messaging::HistoryQuery;
using Poco::Messaging::HistoryResult;
using Poco::Messaging::Member;
using Poco::Messaging::NATSBackplane;
using Poco::Messaging::NATSBackplaneParams;
using Poco::Messaging::Position;
using Poco::Messaging::Publication;
using Poco::Messaging::PublishResult;
using Poco::Messaging::Receipt;
using Poco::Messaging::Time;


class NATSSink: public BackplaneSink
	/// Notes what a backplane calls.
{
public:
	void onPublication(const std::string& channel, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) noexcept override;
	void onGap(const std::string& channel) noexcept override;
	void onPresence(const std::string& channel, const Member& member, bool joined) noexcept override;
	void onControl(const Control& control) noexcept override;

	std::vector<std::string> publications(const std::string& channel) const;
	std::vector<Time> times() const;
	std::vector<Position> positions(const std::string& channel) const;
	std::vector<std::string> controls() const;
	int gaps(const std::string& channel) const;
	int overlaps() const;
		/// Calls for one channel that were not one after the other.

	void block(bool blocked);
		/// Whether onPublication() waits.

private:
	struct Turn
		/// A call for a channel.
	{
		Turn(NATSSink& sink, const std::string& channel);
		~Turn();

		NATSSink& _sink;
		const std::string _channel;
	};

	mutable std::mutex _mutex;
	std::condition_variable _unblocked;
	bool _blocked = false;
	std::map<std::string, std::vector<std::string>> _publications;
	std::vector<Time> _times;
	std::map<std::string, std::vector<Position>> _positions;
	std::vector<std::string> _controls;
	std::map<std::string, int> _gaps;
	std::set<std::string> _running;
	int _overlaps = 0;
};


struct NATSNode
{
	explicit NATSNode(const std::string& url);
	explicit NATSNode(const NATSBackplaneParams::Ptr& pParams, bool start = true);
	~NATSNode();

	Error subscribe(const std::string& channel);
	Error subscribe(const std::string& channel, Position& position);
	PublishResult publish(const std::string& channel, const std::string& data, const std::string& transaction = "");
	HistoryResult history(const std::string& channel, const HistoryQuery& query);
	std::string text(const std::string& channel);
		/// Wait for the answer. The last one returns the offset, and what the history has: "3: a b c"; or the error.

	void send(const std::string& channel, const std::string& data);
		/// Publishes, and counts the answer.

	bool until(const std::function<bool()>& condition);
		/// Returns whether it becomes true within 30 s. Ticks meanwhile.

	struct Answers
	{
		std::atomic<int> done{0};
		std::atomic<int> busy{0};
		std::atomic<int> unavailable{0};
		std::atomic<int> others{0};

		int all() const
		{
			return done + busy + unavailable + others;
		}
	};

	ChannelOptions options; // of all channels
	std::shared_ptr<NATSSink> pSink = std::make_shared<NATSSink>();
	std::shared_ptr<Answers> pAnswers = std::make_shared<Answers>(); // of send()
	NATSBackplane::Ptr pBackplane;
};


class NATSWriter
	/// Another program.
{
public:
	explicit NATSWriter(const std::string& url);
	~NATSWriter();

	NATSWriter(const NATSWriter&) = delete;
	NATSWriter& operator = (const NATSWriter&) = delete;

	void write(const std::string& subject, const std::string& data);
		/// Returns when the server has it.

	std::string ask(const std::string& subject, const std::string& data = "");
		/// Returns the answer.

	std::vector<std::string> streams();
		/// Returns the names of all.

private:
	natsConnection* _pConnection = nullptr;
};


Publication::Ptr publicationOf(const std::string& data);


#endif // NATSSupport_INCLUDED
