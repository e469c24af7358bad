//
// MemoryContract.cpp
//
// MemoryBackplane's row of the contract's suite, and what is its own.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"


TEST(MemoryBackplane, HasOtherNumbersWhenItBeginsAnew)
{
	// Clients know ids of sessions and of acknowledged messages from before
	const MemoryBackplane::Ptr pFirst(new MemoryBackplane);
	const MemoryBackplane::Ptr pSecond(new MemoryBackplane);
	EXPECT_NE(pFirst->node(), pSecond->node());
}


INSTANTIATE_TEST_SUITE_P(Memory, BackplaneContract, testing::Values(Engine{"Memory", [](const Poco::Messaging::Clock& clock)
{
	MemoryBackplane::Ptr pFirst(new MemoryBackplane(clock));
	return Nodes{Backplane::Ptr(pFirst), Backplane::Ptr(new MemoryBackplane(*pFirst)), [](Time) {}};
}, false}));
