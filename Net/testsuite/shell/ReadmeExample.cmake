# Fails unless the code block that follows the line
#     <!-- example: SOURCE -->
# in README is the file SOURCE (a path below ROOT) without the comment it begins with.

set(MARK "<!-- example: ${SOURCE} -->")
if(NOT EXISTS "${README}")
	message(FATAL_ERROR "There is no ${README}.")
endif()
file(READ "${README}" DOCUMENT)
file(READ "${ROOT}/${SOURCE}" PROGRAM)

string(REGEX REPLACE "^(//[^\n]*\n|\n)+" "" PROGRAM "${PROGRAM}")

string(FIND "${DOCUMENT}" "${MARK}\n```cpp\n" BEGIN)
if(BEGIN EQUAL -1)
	message(FATAL_ERROR "README.md has no line '${MARK}' with a line '```cpp' right after it.")
endif()
string(LENGTH "${MARK}\n```cpp\n" MARK_LENGTH)
math(EXPR BEGIN "${BEGIN} + ${MARK_LENGTH}")
string(SUBSTRING "${DOCUMENT}" ${BEGIN} -1 EXAMPLE)
string(FIND "${EXAMPLE}" "\n```" END)
if(END EQUAL -1)
	message(FATAL_ERROR "The code block after '${MARK}' in README.md has no end.")
endif()
math(EXPR END "${END} + 1")
string(SUBSTRING "${EXAMPLE}" 0 ${END} EXAMPLE)

if(NOT EXAMPLE STREQUAL PROGRAM)
	message(FATAL_ERROR "The code block after '${MARK}' in README.md is not what ${SOURCE} says after its banner.")
endif()
