//
// History.cpp
//
// Library: PocoMessaging
// Package: Core
// Module:  History
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/History.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


History::History(const ChannelOptions& options, Poco::UInt64 epoch, std::size_t maxTransactions):
	_options(options),
	_last(0),
	_transactionBytes(0),
	_maxTransactions(maxTransactions)
{
	_position.epoch = epoch;
}


History::Stored History::add(Publication& publication, Time now)
{
	expire(now);
	Stored stored;
	stored.position = _position;
	const std::string& transaction = publication.transaction;
	if (!transaction.empty())
	{
		const auto it = _transactions.find(transaction);
		if (it != _transactions.end())
		{
			stored.position.offset = it->second;
			stored.duplicate = true;
			return stored;
		}
	}
	publication.position.epoch = _position.epoch;
	publication.position.offset = _position.offset + 1;
	publication.published = now;
	_publications.emplace_back(&publication, true);
	if (!transaction.empty())
	{
		auto it = _transactions.end();
		try
		{
			it = _transactions.emplace(transaction, publication.position.offset).first;
			_transactionTimes.emplace_back(now, &it->first);
		}
		catch (...) // there is no memory: nothing was published
		{
			if (it != _transactions.end()) _transactions.erase(it);
			_publications.pop_back();
			throw;
		}
		_transactionBytes += TRANSACTION_SIZE + transaction.size();
		while (_transactionBytes > _maxTransactions && _transactionTimes.size() > 1) forgetTransaction();
	}
	_position = stored.position = publication.position;
	_last = now;
	if (_publications.size() > _options.historySize) _publications.pop_front();
	return stored;
}


HistoryResult History::read(const HistoryQuery& query, Time now)
{
	expire(now);
	HistoryResult result;
	result.position = _position;
	if (query.limit == 0 || _publications.empty()) return result;
	const Poco::UInt64 first = _publications.front()->position.offset;
	std::size_t begin = 0;
	if (query.hasSince)
	{
		if (query.since.epoch != _position.epoch || query.since.offset >= _position.offset) return result;
		if (query.since.offset >= first) begin = static_cast<std::size_t>(query.since.offset - first) + 1;
	}
	else if (_publications.size() > query.limit) begin = _publications.size() - query.limit;
	std::size_t bytes = 0;
	for (std::size_t i = begin; i < _publications.size() && result.publications.size() < query.limit; ++i)
	{
		bytes += _publications[i]->size();
		if (bytes > query.maxBytes && !result.publications.empty()) break;
		result.publications.push_back(_publications[i]);
	}
	return result;
}


void History::left(Time now)
{
	_last = now;
}


bool History::over(Time now) const
{
	return now - _last >= std::max(_options.positionTime, _options.historyTime) && (_transactionTimes.empty() || now - _last >= TRANSACTION_TIME);
}


void History::expire(Time now)
{
	while (!_publications.empty() && now - _publications.front()->published >= _options.historyTime) _publications.pop_front();
	while (!_transactionTimes.empty() && now - _transactionTimes.front().first >= TRANSACTION_TIME) forgetTransaction();
}


void History::forgetTransaction()
{
	const auto it = _transactions.find(*_transactionTimes.front().second);
	_transactionBytes -= TRANSACTION_SIZE + it->first.size();
	_transactions.erase(it);
	_transactionTimes.pop_front();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
