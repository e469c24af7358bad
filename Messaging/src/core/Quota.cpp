//
// Quota.cpp
//
// Library: PocoMessaging
// Package: Core
// Module:  Quota
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Quota.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <cmath>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


QuotaRules::QuotaRules(const std::vector<QuotaRule>& rules):
	_rules(rules)
{
	constexpr Time DAY = 24*3600*1000;
	constexpr Poco::UInt64 MAX_LIMIT = Poco::UInt64(1) << 50;
	if (rules.size() > MAX_RULES) throw Poco::InvalidArgumentException("There are too many rules");
	for (const QuotaRule& rule: rules)
	{
		if (rule.period < 1 || rule.period > DAY) throw Poco::InvalidArgumentException("A rule's period is out of range");
		if (rule.firstOpcode > rule.lastOpcode) throw Poco::InvalidArgumentException("A rule's last opcode is before its first");
		if (rule.soft > MAX_LIMIT || rule.hard > MAX_LIMIT) throw Poco::InvalidArgumentException("A rule's limit is out of range");
		if (rule.soft > 0 && rule.hard > 0 && rule.hard < rule.soft) throw Poco::InvalidArgumentException("A rule's hard limit is below its soft limit");
		if (rule.softAction != QuotaRule::WARN && rule.softAction != QuotaRule::DELAY) throw Poco::InvalidArgumentException("A rule's soft action is neither WARN nor DELAY");
		if (rule.hardAction != QuotaRule::REJECT && rule.hardAction != QuotaRule::TERMINATE) throw Poco::InvalidArgumentException("A rule's hard action is neither REJECT nor TERMINATE");
	}
}


QuotaRules::~QuotaRules()
{
}


const std::vector<QuotaRule>& QuotaRules::rules() const
{
	return _rules;
}


Quota::Quota(const QuotaRules::Ptr& pRules):
	_pRules(pRules),
	_used(pRules ? pRules->rules().size() : 0)
{
}


Poco::UInt64 Quota::limitOf(const QuotaRule& rule)
	/// What is forgotten within the period.
{
	return rule.soft > 0 ? rule.soft : rule.hard;
}


double Quota::levelAt(const QuotaRule& rule, const Used& used, Poco::UInt64 limit, Time now)
{
	const double forgotten = static_cast<double>(limit)*static_cast<double>(std::max<Time>(now - used.since, 0))/static_cast<double>(rule.period);
	return std::max(used.level - forgotten, 0.0);
}


Quota::Verdict Quota::count(QuotaRule::Direction direction, Poco::UInt16 opcode, std::size_t bytes, Time now)
{
	Verdict verdict;
	const auto stricter = [&](QuotaRule::Action action, std::size_t index, Time delay)
	{
		if (action < verdict.action || (action == verdict.action && delay <= verdict.delay)) return;
		verdict.action = action;
		verdict.delay = delay;
		verdict.rule = static_cast<int>(index);
	};
	const auto concerns = [&](const QuotaRule& rule)
	{
		return rule.direction == direction && opcode >= rule.firstOpcode && opcode <= rule.lastOpcode;
	};
	for (std::size_t i = 0; i < _used.size(); ++i)
	{
		const QuotaRule& rule = _pRules->rules()[i];
		if (!concerns(rule)) continue;
		const double units = rule.unit == QuotaRule::BYTES ? static_cast<double>(bytes) : 1;
		const double level = levelAt(rule, _used[i], limitOf(rule), now) + units;
		const bool hard = rule.hard > 0 && level > static_cast<double>(rule.hard);
		if (hard)
		{
			const bool often = rule.maxRejected > 0 && _used[i].rejected >= rule.maxRejected;
			stricter(often ? QuotaRule::TERMINATE : rule.hardAction, i, 0);
			++_used[i].rejected;
		}
		else if (rule.soft > 0 && level > static_cast<double>(rule.soft))
		{
			const double excess = level - static_cast<double>(rule.soft);
			const double delay = std::ceil(excess*static_cast<double>(rule.period)/static_cast<double>(rule.soft));
			stricter(rule.softAction, i, rule.softAction == QuotaRule::DELAY ? std::max<Time>(static_cast<Time>(delay), 1) : 0);
		}
	}
	if (verdict.action >= QuotaRule::REJECT) return verdict;
	for (std::size_t i = 0; i < _used.size(); ++i)
	{
		const QuotaRule& rule = _pRules->rules()[i];
		if (!concerns(rule)) continue;
		const double units = rule.unit == QuotaRule::BYTES ? static_cast<double>(bytes) : 1;
		_used[i].level = levelAt(rule, _used[i], limitOf(rule), now) + units;
		_used[i].since = now;
		_used[i].rejected = 0;
	}
	return verdict;
}


void Quota::setRules(const QuotaRules::Ptr& pRules, Time now)
{
	const std::size_t count = pRules ? pRules->rules().size() : 0;
	std::vector<Used> other(count);
	for (std::size_t i = 0; count == _used.size() && i < count; ++i)
	{
		other[i].level = used(i, now);
		other[i].since = now;
		other[i].rejected = _used[i].rejected;
	}
	_used.swap(other);
	_pRules = pRules;
}


const QuotaRules::Ptr& Quota::rules() const
{
	return _pRules;
}


double Quota::used(std::size_t rule, Time now) const
{
	if (rule >= _used.size()) throw Poco::RangeException("There is no such rule");
	return levelAt(_pRules->rules()[rule], _used[rule], limitOf(_pRules->rules()[rule]), now);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
