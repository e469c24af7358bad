//
// StopSignal.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "StopSignal.h"
#include "Poco/Exception.h"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>


namespace
{
	int pipeEnds[2] = {-1, -1}; // read, write


	void onSignal(int)
		/// Does nothing but what POSIX allows in a signal handler.
	{
		const int error = errno;
		const char byte = 0;
		[[maybe_unused]] const ssize_t n = write(pipeEnds[1], &byte, 1);
		errno = error;
	}


	void setHandler(void (*pHandler)(int), int flags)
	{
		struct sigaction action = {};
		action.sa_handler = pHandler;
		action.sa_flags = flags;
		sigemptyset(&action.sa_mask);
		for (int signal: {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
	}
}


StopSignal::StopSignal()
{
	if (pipe2(pipeEnds, O_CLOEXEC | O_NONBLOCK) != 0)
		throw Poco::SystemException("Cannot create a pipe", errno);
	setHandler(onSignal, static_cast<int>(SA_RESETHAND | SA_RESTART));
}


StopSignal::~StopSignal()
{
	setHandler(SIG_DFL, 0);
	close(pipeEnds[0]);
	close(pipeEnds[1]);
}


int StopSignal::fd() const
{
	return pipeEnds[0];
}
