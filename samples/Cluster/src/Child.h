//
// Child.h
//
// Definition of the Child class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Child_INCLUDED
#define Child_INCLUDED


#include <string>
#include <vector>
#include <sys/types.h>


class Child
	/// A program that this one runs. It ends with this one, however that ends. Objects are for one thread at a time; the thread that starts
	/// a program has to live as long as that.
{
public:
	Child(const std::string& log, const std::vector<std::string>& command, const std::vector<std::string>& environment = {});
		/// Creates the object. command: the program, which is looked for in PATH, and its arguments. environment: NAME=VALUE, besides this program's own. What
		/// the program says is appended to the file log.

	~Child();
		/// Kills the program.

	void start();
		/// Starts the program. Does nothing if it runs. Throws a SystemException if there is no process to be had.

	void signal(int number);
		/// Sends a signal; does nothing if the program does not run.

	void end(int number);
		/// Sends a signal, and waits until the program has ended; after 10 s it is killed.

	bool running();
		/// Returns whether the program runs.

	pid_t id() const;
		/// Returns its number; 0 if it does not run.

	const std::string& last() const;
		/// Returns how it has ended, last time; empty if it has not.

	std::string lastWords() const;
		/// Returns the last line that it has said.

private:
	Child(const Child&) = delete;
	Child& operator = (const Child&) = delete;

	void noteEnd(int status);

	const std::string _log;
	const std::vector<std::string> _command;
	const std::vector<std::string> _environment;
	pid_t _id = 0;
	std::string _last;
};


#endif // Child_INCLUDED
