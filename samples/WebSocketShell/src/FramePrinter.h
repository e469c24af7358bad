//
// FramePrinter.h
//
// Definition of the FramePrinter class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef FramePrinter_INCLUDED
#define FramePrinter_INCLUDED


#include <string>


class FramePrinter
	/// Writes what was sent and received to the standard output.
{
public:
	enum Direction
	{
		SENT,
		RECEIVED
	};

	explicit FramePrinter(bool payloadsOnly);
		/// If payloadsOnly, just the messages received are written, as they are: text with
		/// a line end, binary data without. Otherwise a line for each message and
		/// control frame: time, direction, opcode, size and payload, in a form that
		/// does a terminal no harm.

	void print(Direction direction, int opcode, const std::string& payload, int frames = 1);
		/// Writes a message that came in the given number of frames, or a control frame.

	bool failed() const;
		/// Returns true if the output could not be written.

private:
	static std::string describe(int opcode, const std::string& payload);

	bool _payloadsOnly;
};


#endif // FramePrinter_INCLUDED
