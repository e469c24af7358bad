//
// Handshake.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketHandshake
//
// The opening handshake (RFC 6455, 4).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHandshake_INCLUDED
#define Net_WebSocketHandshake_INCLUDED


#include "core/Network.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketError.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/WebSocketRefusalReason.h"
#include <string>
#include <string_view>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketHandshake
	/// What both sides decide in the opening handshake (RFC 6455, 4), on
	/// HTTPRequest and HTTPResponse objects. Nothing is sent from here, and
	/// keys are arguments.
{
public:
	enum
	{
		KEY_LENGTH = 16 /// Bytes of randomness in a Sec-WebSocket-Key (4.1).
	};

	struct Verdict
		/// The outcome of a check.
	{
		WebSocketError::Code error = WebSocketError::NONE;
			/// NONE if the handshake is as it must be.

		HTTPResponse::HTTPStatus status = HTTPResponse::HTTP_SWITCHING_PROTOCOLS;
			/// The status that a server answers with.

		std::string text;
			/// One line that says what is wrong.

		WebSocketRefusalReason::Reason reason = WebSocketRefusalReason::MALFORMED;
			/// Why, if the server refuses.

		bool ok() const;
	};

	struct Parameter
		/// A parameter of an element.
	{
		std::string name;
		std::string value;  /// Without quotes.
		bool hasValue = false;
	};

	struct Element
		/// An element of a comma-separated list (RFC 7230, 7), with its parameters.
	{
		std::string name;
		std::vector<Parameter> parameters;
		bool valid = true; /// False if it is not as RFC 6455, 9.1 says.
	};

	//
	// Server (4.2)
	//
	static Verdict parseRequest(std::string_view header, HTTPRequest& request);
		/// Parses a request's header, up to and including the empty line at its end, into an empty request
		/// (RFC 7230, 3). Lines may end with LF only, one empty line may come before, and the lines of a folded
		/// field are joined. Whatever else is not HTTP is refused: the status is 400.

	static bool mayBeRequest(std::string_view text, std::size_t before = 0);
		/// Returns false if parseRequest() would refuse the request line of each header that begins with text. The first
		/// before bytes have passed already.

	static std::string_view pathOf(std::string_view target);
		/// Returns the target of a request without its query.

	static std::string_view pathOfRequest(std::string_view header);
		/// Returns the path that a request asks for of which this much has come; empty if that is not known. Nothing is checked.

	static Verdict checkFraming(const HTTPRequest& request);
		/// Checks that it is clear where the body of a request that is not for WebSocket ends (RFC 9112, 6.1 and 6.3), whoever reads
		/// it: there is one Transfer-Encoding, which is chunked, no Content-Length with it, and the version is 1.1 or higher; or
		/// there is no Transfer-Encoding, and all lines of Content-Length, if there are any, have the same digits. The status is 400.

	static Verdict checkRequest(const HTTPRequest& request);
		/// Checks a client's opening handshake (4.2.1).
		///
		/// The status is 405 if the method is not GET, 426 if another
		/// version of the protocol is asked for, and otherwise 400.

	static Verdict checkOrigin(const HTTPRequest& request, const std::vector<std::string>& allowed, WebSocketScheme scheme = WebSocketScheme::NOT_TOLD);
		/// Checks where a browser's page that makes the request comes from (10.2). It passes if there
		/// is no Origin, if it has the host and port that are in Host and, if a proxy has told it, the scheme, or if it,
		/// or "*", is in allowed. The status is 403 otherwise.

	static std::string selectSubprotocol(const HTTPRequest& request, const std::vector<std::string>& supported);
		/// Returns the first of the client's subprotocols that is in supported (4.2.2); empty if there is none.

	static void accept(const HTTPRequest& request, const std::string& subprotocol, const std::string& extensions, HTTPResponse& response);
		/// Makes response the answer to a request that passed checkRequest()
		/// (4.2.2), with the subprotocol and the extensions, if they are not empty. Other header fields that are in response stay
		/// there, but for those of a message body.

	static void accept(const HTTPRequest& request, const std::string& subprotocol, const std::string& extensions, std::string& response);
		/// Appends the same answer as it is on the wire, for who has no other fields: a HTTPResponse takes longer
		/// than the rest of the handshake.

	static void refuse(const Verdict& verdict, HTTPResponse& response);
		/// Makes response the answer to a request that did not pass: verdict.status,
		/// verdict.text and a line feed as its body (which is to be sent after it),
		/// Sec-WebSocket-Version, and what else the status demands.

	//
	// Client (4.1)
	//
	static void prepare(HTTPRequest& request, const std::string& key);
		/// Makes request an opening handshake with the given key. Other header fields that are in request
		/// stay there. A path that is empty becomes "/" (3).

	static Verdict checkResponse(const HTTPResponse& response, const std::string& key);
		/// Checks a server's answer to a request with the given key: the status
		/// and the fields Upgrade, Connection and Sec-WebSocket-Accept.

	static Verdict checkSelection(const HTTPRequest& request, const HTTPResponse& response);
		/// Checks that the subprotocol and the extensions that the server
		/// has chosen are among those that the client offered.

	static Verdict checkLines(const HTTPRequest& request);
		/// Checks that neither the URI nor a field (checkFields()) of a request to be sent would
		/// put anything else onto the wire (RFC 7230, 3.1.1 and 3.2.4), and that the URI has no fragment (3).

	//
	// Both
	//
	static Verdict checkSize(const MessageHeader& header, std::size_t maxFields, std::size_t maxSize);
		/// Checks the number of fields and the length of a header that was parsed elsewhere. The status is 431.

	static Verdict checkCount(const MessageHeader& header, std::size_t maxFields);
		/// Checks the number of fields only.

	static Verdict checkFields(const NameValueCollection& fields);
		/// Checks that no field has a CR, LF or NUL in it, which would put another
		/// field, or another message, onto the wire (RFC 7230, 3.2.4).

	static std::string encodeKey(const unsigned char* pBytes);
		/// Returns the Sec-WebSocket-Key for KEY_LENGTH random bytes.

	static bool isKey(std::string_view key);
		/// Returns true if key is the base64 form of KEY_LENGTH bytes (4.1).

	static std::string computeAccept(std::string_view key);
		/// Returns the Sec-WebSocket-Accept that belongs to a key (4.2.2).

	static bool isToken(std::string_view text);
		/// Returns true if text is a token (RFC 7230, 3.2.6).

	static std::vector<Element> elements(const MessageHeader& header, std::string_view field);
		/// Returns the elements of a field whose value is a comma-separated list, from all
		/// lines with that name, in their order. Empty elements are left out. Separators
		/// inside a quoted string do not separate. Takes linear time.

	static std::vector<std::string> tokens(const MessageHeader& header, std::string_view field);
		/// Returns the names of elements(header, field).

	static bool hasToken(const MessageHeader& header, std::string_view field, std::string_view token);
		/// Returns true if token is among tokens(header, field), whatever its case.
};


//
// inlines
//
inline bool WebSocketHandshake::Verdict::ok() const
{
	return error == WebSocketError::NONE;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHandshake_INCLUDED
