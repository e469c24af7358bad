//
// PageFactory.h
//
// Definition of the PageFactory class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef PageFactory_INCLUDED
#define PageFactory_INCLUDED


#include "Poco/Net/HTTPRequestHandlerFactory.h"


class PageFactory: public Poco::Net::HTTPRequestHandlerFactory
	/// Serves the sample's page on /, and nothing else.
{
public:
	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;
};


#endif // PageFactory_INCLUDED
