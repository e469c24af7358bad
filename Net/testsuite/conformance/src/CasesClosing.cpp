//
// CasesClosing.cpp
//
// Group 7: closing.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cases.h"


namespace Conformance {


const std::string INITIATED_REASON("that is enough, \xe6\xb0\xb4");


namespace
{
	void sendAndClose(Peer& peer, const std::string& payload, int code, const std::string& reason = "")
		/// Sends a Close frame and expects the answer.
	{
		peer.send(FIN | CLOSE, payload);
		peer.expectClose(code, reason);
	}

	void addBehaviour(Cases& cases)
	{
		cases.push_back({"7.1.1", "a message, then Close", [](Peer& peer)
			{
				peer.add(FIN | TEXT, "last words").add(FIN | CLOSE, closePayload(1000)).flush();
				peer.expectMessage(TEXT, "last words");
				peer.expectClose(1000);
			}});
		struct Row { const char* pWhat; int first; const char* pPayload; };
		static const Row ROWS[] = {
			{"Close twice", FIN | CLOSE, "\x03\xe8"},
			{"a Ping after Close", FIN | PING, "still there?"},
			{"text after Close", FIN | TEXT, "one thing more"},
			{"a frame that is wrong after Close", FIN | RSV2 | 3, "wrong"}};
		int n = 1;
		for (const Row& row: ROWS)
		{
			cases.push_back({"7.1." + std::to_string(++n), row.pWhat, [row](Peer& peer)
				{
					peer.add(FIN | CLOSE, closePayload(1000)).add(row.first, row.pPayload).flush();
					peer.expectCloseFrame(1000);
					peer.expectEnd(false);
				}});
		}
		cases.push_back({"7.1.6", "Close between two fragments", [](Peer& peer)
			{
				peer.add(TEXT, "begun").add(FIN | CLOSE, closePayload(1000)).add(FIN | CONT, " in vain").flush();
				peer.expectCloseFrame(1000);
				peer.expectEnd(false);
			}});
		cases.push_back({"7.1.7", "256 KiB, then Close, then a Ping", [](Peer& peer)
			{
				const std::string payload = octets(256*1024);
				peer.add(FIN | BINARY, payload).add(FIN | CLOSE, closePayload(1000)).add(FIN | PING).flush();
				peer.expectMessage(BINARY, payload);
				peer.expectCloseFrame(1000);
				peer.expectEnd(false);
			}});
	}

	void addPayloads(Cases& cases)
	{
		cases.push_back({"7.3.1", "without a code", [](Peer& peer) { sendAndClose(peer, "", 0); }});
		cases.push_back({"7.3.2", "one byte", [](Peer& peer)
			{
				peer.send(FIN | CLOSE, "\x03");
				peer.expectFailure(1002);
			}});
		struct Row { const char* pId; const char* pWhat; std::string reason; };
		static const Row ROWS[] = {
			{"7.3.3", "a code only", ""},
			{"7.3.4", "with a reason", "w\xc3\xa4hrend der Fahrt"},
			{"7.3.5", "the longest reason", std::string(123, '*')}};
		for (const Row& row: ROWS)
		{
			cases.push_back({row.pId, row.pWhat, [row](Peer& peer)
				{
					// Whether the reason comes back is not for the RFC to say; it has to be text if it does.
					peer.send(FIN | CLOSE, closePayload(1000, row.reason));
					peer.expectCloseFrame(1000, row.reason.empty() ? "" : "*");
					peer.expectEnd(true);
				}});
		}
		cases.push_back({"7.3.6", "a reason too long by one byte", [](Peer& peer)
			{
				peer.send(FIN | CLOSE, closePayload(1000, std::string(124, '*')));
				peer.expectFailure(1002);
			}});
		int n = 0;
		for (const char* pReason: {"\xce\xba\xed\xa0\x80", "\xff", "cut off \xf0\x9f\x98"})
		{
			const std::string reason(pReason);
			cases.push_back({"7.5." + std::to_string(++n), "a reason that is no text", [reason](Peer& peer)
				{
					peer.send(FIN | CLOSE, closePayload(1000, reason));
					peer.expectFailure(1007);
				}});
		}
	}

	void addCodes(Cases& cases)
	{
		int n = 0;
		for (const int code: {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
		{
			cases.push_back({"7.7." + std::to_string(++n), "code " + std::to_string(code), [code](Peer& peer)
				{
					sendAndClose(peer, closePayload(code), code);
				}});
		}
		n = 0;
		for (const int code: {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
		{
			const std::string what = "code " + std::to_string(code) + ", which must not be sent";
			cases.push_back({(code < 5000 ? "7.9." : "7.13.") + std::to_string(++n), what, [code](Peer& peer)
				{
					peer.send(FIN | CLOSE, closePayload(code));
					peer.expectFailure(1002);
				}});
			cases.push_back({(code < 5000 ? "7.9." : "7.13.") + std::to_string(++n), what + ", with a reason", [code](Peer& peer)
				{
					peer.send(FIN | CLOSE, closePayload(code, "why not?"));
					peer.expectFailure(1002);
				}});
		}
	}

	void addInitiated(Cases& cases)
		/// The side that is tested closes. Nothing of this is in the public suite.
	{
		int n = 0;
		const auto add = [&cases, &n](const std::string& what, int code, const std::function<void (Peer&, int)>& answer)
		{
			cases.push_back({"7.14." + std::to_string(++n), "closed by the other side: " + what, [code, answer](Peer& peer)
				{
					peer.expectCloseFrame(code, INITIATED_REASON);
					answer(peer, code);
				}, {}, code});
		};
		for (const int code: {1000, 1001, 1008, 3000, 4999})
		{
			add("code " + std::to_string(code), code, [](Peer& peer, int answer)
				{
					peer.send(FIN | CLOSE, closePayload(answer));
					peer.expectEnd(true);
				});
		}
		add("answered with another code", 1000, [](Peer& peer, int)
			{
				peer.send(FIN | CLOSE, closePayload(1001, "so be it"));
				peer.expectEnd(true);
			});
		add("answered without a code", 1000, [](Peer& peer, int)
			{
				peer.send(FIN | CLOSE);
				peer.expectEnd(true);
			});
		add("messages and a Ping before the answer", 1000, [](Peer& peer, int code)
			{
				peer.add(FIN | TEXT, "was under way").add(FIN | PING, "too").add(BINARY, "part").flush();
				peer.pause();
				peer.send(FIN | CLOSE, closePayload(code));
				peer.expectEnd(true);
			});
		add("answered with a code that must not be sent", 1000, [](Peer& peer, int)
			{
				peer.send(FIN | CLOSE, closePayload(1005));
				peer.expectEnd(false);
			});
		add("a frame that is wrong instead of the answer", 1000, [](Peer& peer, int)
			{
				peer.send(FIN | RSV3 | TEXT, "wrong");
				peer.expectEnd(false);
			});
	}
}


void addClosing(Cases& cases)
{
	addBehaviour(cases);
	addPayloads(cases);
	addCodes(cases);
	addInitiated(cases);
}


} // namespace Conformance
