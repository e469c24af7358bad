//
// Child.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Child.h"
#include "Poco/Exception.h"
#include "Poco/Thread.h"
#include <csignal>
#include <fstream>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>


namespace
{
	constexpr int PATIENCE = 10*1000; // ms
	constexpr int STEP = 20;


	std::vector<char*> pointersTo(std::vector<std::string>& texts)
	{
		std::vector<char*> pointers;
		for (std::string& text: texts) pointers.push_back(text.data());
		pointers.push_back(nullptr);
		return pointers;
	}


	std::vector<std::string> environmentWith(const std::vector<std::string>& more)
		/// Of the first one of two with the same name, programs take the value.
	{
		std::vector<std::string> all(more);
		for (char** ppEntry = environ; *ppEntry; ++ppEntry) all.emplace_back(*ppEntry);
		return all;
	}


	[[noreturn]] void become(char* const* ppArguments, char* const* ppEnvironment, const char* pLog, pid_t parent)
		/// In the new process: what may be called there is little.
	{
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) _exit(1);
		setpgid(0, 0); // ^C is for this program, which ends the others
		signal(SIGINT, SIG_IGN);  // one that came before that is forgotten
		signal(SIGQUIT, SIG_IGN);
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, nullptr);
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		const int in = open("/dev/null", O_RDONLY);
		const int out = open(pLog, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(in, 0);
		dup2(out, 1);
		dup2(out, 2);
		for (int fd = 3; fd < 1024; ++fd) close(fd); // the sockets of this program
		execvpe(ppArguments[0], ppArguments, ppEnvironment);
		static const char TEXT[] = "it cannot be started: it is not installed?\n";
		if (write(2, TEXT, sizeof(TEXT) - 1) < 0) _exit(126);
		_exit(127);
	}
}


Child::Child(const std::string& log, const std::vector<std::string>& command, const std::vector<std::string>& environment):
	_log(log),
	_command(command),
	_environment(environment)
{
}


Child::~Child()
{
	end(SIGKILL);
}


void Child::start()
{
	if (running()) return;
	std::vector<std::string> command(_command);
	std::vector<std::string> environment(environmentWith(_environment));
	const std::vector<char*> arguments = pointersTo(command);
	const std::vector<char*> variables = pointersTo(environment);
	const pid_t parent = getpid();
	const pid_t id = fork();
	if (id < 0) throw Poco::SystemException("There is no process to be had");
	if (id == 0) become(arguments.data(), variables.data(), _log.c_str(), parent);
	_id = id;
	_last.clear();
}


void Child::signal(int number)
{
	if (running()) kill(_id, number);
}


void Child::end(int number)
{
	signal(number);
	for (int waited = 0; running(); waited += STEP)
	{
		if (waited == PATIENCE) kill(_id, SIGKILL);
		Poco::Thread::sleep(STEP);
	}
}


bool Child::running()
{
	int status = 0;
	if (_id != 0 && waitpid(_id, &status, WNOHANG) == _id) noteEnd(status);
	return _id != 0;
}


void Child::noteEnd(int status)
{
	_id = 0;
	_last = WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status)) : "ended with exit code " + std::to_string(WEXITSTATUS(status));
}


pid_t Child::id() const
{
	return _id;
}


const std::string& Child::last() const
{
	return _last;
}


std::string Child::lastWords() const
{
	std::ifstream file(_log);
	std::string words;
	for (std::string line; std::getline(file, line);)
	{
		if (!line.empty()) words = line;
	}
	return words;
}
