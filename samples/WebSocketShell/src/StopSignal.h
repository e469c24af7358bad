//
// StopSignal.h
//
// Definition of the StopSignal class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef StopSignal_INCLUDED
#define StopSignal_INCLUDED


class StopSignal
	/// Turns the first SIGINT or SIGTERM into a file descriptor that is readable, for
	/// poll(). The second one ends the program, as usual.
	///
	/// There can be only one such object.
{
public:
	StopSignal();
		/// Takes the signals over. Throws a SystemException if that fails.

	~StopSignal();
		/// The signals end the program again.

	StopSignal(const StopSignal&) = delete;
	StopSignal& operator = (const StopSignal&) = delete;

	int fd() const;
		/// Returns the file descriptor. It stays readable.
};


#endif // StopSignal_INCLUDED
