//
// NetworkSpaces.h
//
// A real network between nodes and their server, which can go wrong: network namespaces.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef NetworkSpaces_INCLUDED
#define NetworkSpaces_INCLUDED


#include <functional>
#include <memory>
#include <string>
#include <vector>


class NetworkSpaces
	/// Three network namespaces (Linux, as root; the program "ip"): that of the thread that makes it and of what it starts from then on, a router's, and that of servers, to which several
	/// paths lead. They have no names, and go with the object, or with the program, however that ends. For one thread, which is back in its namespace afterwards.
{
public:
	explicit NetworkSpaces(int paths);
		/// Throws a std::runtime_error that says why there can be none.

	~NetworkSpaces();

	NetworkSpaces(const NetworkSpaces&) = delete;
	NetworkSpaces& operator = (const NetworkSpaces&) = delete;

	std::string server(int path) const;
		/// Returns the address by which servers are reached on a path.

	void atServer(const std::function<void()>& call) const;
		/// Calls while the thread is where servers are: what it starts is there, too, and 127.0.0.1 is theirs.

	void drop(int path);
		/// From now on the router drops all packets of the path, both ways, and nobody is told.

	void unplug(int path);
		/// The link between the router and the server is down; the router says so (ICMP) to who sends to it.

	void restore(int path);
		/// Ends both.

private:
	class Space
		/// A namespace.
	{
	public:
		explicit Space(bool fresh);
			/// That of the thread; with fresh, the thread comes into a new one.

		~Space();

		Space(const Space&) = delete;
		Space& operator = (const Space&) = delete;

		void enter() const;
		bool tryToEnter() const;
		std::string path() const;

	private:
		const int _fd;
	};

	void make(int paths);
	void at(const Space& space, const std::function<void()>& call) const;

	const Space _original;
	std::unique_ptr<Space> _pHere;
	std::unique_ptr<Space> _pRouter;
	std::unique_ptr<Space> _pServer;
	std::vector<bool> _drops; // of each path
};


#endif // NetworkSpaces_INCLUDED
