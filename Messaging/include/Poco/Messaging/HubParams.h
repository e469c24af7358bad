//
// HubParams.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  HubParams
//
// Limits and options of a hub.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_HubParams_INCLUDED
#define Messaging_HubParams_INCLUDED


#include "Poco/Messaging/Types.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API HubParams: public Poco::RefCountedObject
	/// Limits and options of a hub.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<HubParams> Ptr;

	using OptionsOf = std::function<ChannelOptions(const std::string& channel)>;
		/// Returns what a channel can do.

	HubParams();
		/// Creates the parameters with their defaults.

	void setOptionsOf(const OptionsOf& function);
		/// Sets what channels can do. Any thread may call the function; for the same name it returns the same at all times. Default: all
		/// channels are ephemeral, without presence.

	const OptionsOf& getOptionsOf() const;
		/// Returns what channels can do.

	void setMaxChannels(int count);
		/// Sets how many channels a session may be in; 1 to 4,096. Default: 128.

	int getMaxChannels() const;
		/// Returns how many channels a session may be in.

	void setMaxChannelLength(int length);
		/// Sets the longest name of a channel, in bytes; 1 to 4,096. Default: 255.

	int getMaxChannelLength() const;
		/// Returns the longest name of a channel.

	void setMaxPayload(int size);
		/// Sets the largest payload, in bytes, of a publication or message; 1 to 64 MiB. Default: 64 KiB.

	int getMaxPayload() const;
		/// Returns the largest payload.

	void setMaxRecovered(int count);
		/// Sets how many missed publications a session is sent when it subscribes with a position; 0 to 65,536. If there
		/// are more, none is sent, and the answer says that it was not recovered. Default: 300.

	int getMaxRecovered() const;
		/// Returns how many missed publications a session is sent.

	void setMaxRecoveredBytes(int size);
		/// Sets how many bytes they may have (Publication::size()); 1 to 1 GiB. As many live publications are kept for
		/// a session while the history is read. Default: 1 MiB.

	int getMaxRecoveredBytes() const;
		/// Returns how many bytes the missed publications may have.

	void setMaxWaitingBytes(int size);
		/// Sets how many bytes of publications may wait for their turn in a channel, Publication::size() each; 1 to 1 GiB. From half of it on,
		/// callers wait. One that does not fit is read from the history later, or counts as dropped for each subscriber. Default: 8 MiB.

	int getMaxWaitingBytes() const;
		/// Returns how many bytes of publications may wait in a channel.

	void setMaxLags(int count);
		/// Sets how often a session may fall behind within setLagTime(): with this lag its connection is closed (1013); 1 to 1,000. Default: 3.

	int getMaxLags() const;
		/// Returns how often a session may fall behind.

	void setLagTime(const Poco::Timespan& time);
		/// Sets for how long a lag counts; more than 0. Default: 60 s.

	Poco::Timespan getLagTime() const;
		/// Returns for how long a lag counts.

	void setLeaveDelay(const Poco::Timespan& delay);
		/// Sets how long a member stays in the presence of a channel after its last session was detached; 0 to 1 h. If it comes back
		/// in time, there is neither Leave nor Join. Default: 5 s.

	Poco::Timespan getLeaveDelay() const;
		/// Returns how long a member stays.

	void setRepeatInterval(const Poco::Timespan& interval);
		/// Sets after which time a message without acknowledgement is sent again; 1 ms or more. Default: 2 s.

	Poco::Timespan getRepeatInterval() const;
		/// Returns after which time a message is sent again.

	void setMaxAcks(int count);
		/// Sets how many messages may wait for their acknowledgement; 1 or more. Default: 100,000.

	int getMaxAcks() const;
		/// Returns how many messages may wait for their acknowledgement.

	void setClock(const Clock& clock);
		/// Sets what tells the time. Default: the system's monotonic clock.

	const Clock& getClock() const;
		/// Returns what tells the time.

	static Time monotonic();
		/// Returns the time of the system's monotonic clock.

protected:
	~HubParams() override;
		/// Destroys the parameters.

private:
	OptionsOf _optionsOf;
	int _maxChannels;
	int _maxChannelLength;
	int _maxPayload;
	int _maxRecovered;
	int _maxRecoveredBytes;
	int _maxWaitingBytes;
	int _maxLags;
	Poco::Timespan _lagTime;
	Poco::Timespan _leaveDelay;
	Poco::Timespan _repeatInterval;
	int _maxAcks;
	Clock _clock;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_HubParams_INCLUDED
