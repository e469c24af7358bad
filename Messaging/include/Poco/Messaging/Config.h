//
// Config.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Config
//
// Export macro and namespace of the library.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Config_INCLUDED
#define Messaging_Config_INCLUDED


#include "Poco/Foundation.h"


//
// Messaging_API marks what the library exports.
//
#if defined(_WIN32) && defined(POCO_MESSAGING_DLL)
	#if defined(PocoMessaging_EXPORTS)
		#define Messaging_API __declspec(dllexport)
	#else
		#define Messaging_API __declspec(dllimport)
	#endif
#elif defined(__GNUC__)
	#define Messaging_API __attribute__ ((visibility ("default")))
#else
	#define Messaging_API
#endif


//
// Everything the library defines stands in an inline namespace of Poco::Messaging, its ABI version.
//
#define POCO_MESSAGING_BEGIN inline namespace Messaging_v1 {
#define POCO_MESSAGING_END }


#endif // Messaging_Config_INCLUDED
