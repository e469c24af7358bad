# Writes the HTML document PAGE as a C++ source to OUTPUT.
#
# A style sheet or script that stands in the document's own folder and is referred to
# by a line of its own (as below) is put in the place of that line, so that the
# document is complete in itself and can still be opened from the disk for editing.

get_filename_component(FOLDER "${PAGE}" DIRECTORY)
file(READ "${PAGE}" HTML)

string(REGEX MATCHALL "<link rel=\"stylesheet\" href=\"[^\"]+\">" STYLES "${HTML}")
foreach(TAG IN LISTS STYLES)
	string(REGEX REPLACE ".*href=\"([^\"]+)\".*" "\\1" NAME "${TAG}")
	file(READ "${FOLDER}/${NAME}" TEXT)
	string(REPLACE "${TAG}" "<style>\n${TEXT}</style>" HTML "${HTML}")
endforeach()

string(REGEX MATCHALL "<script src=\"[^\"]+\"></script>" SCRIPTS "${HTML}")
foreach(TAG IN LISTS SCRIPTS)
	string(REGEX REPLACE ".*src=\"([^\"]+)\".*" "\\1" NAME "${TAG}")
	file(READ "${FOLDER}/${NAME}" TEXT)
	string(REPLACE "${TAG}" "<script>\n${TEXT}</script>" HTML "${HTML}")
endforeach()

file(WRITE "${OUTPUT}.html" "${HTML}")
file(READ "${OUTPUT}.html" BYTES HEX)
string(REGEX REPLACE "(................................)" "\\1\n\t" BYTES "${BYTES}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," BYTES "${BYTES}")
file(WRITE "${OUTPUT}" "// Made by EmbedPage.cmake.
#include \"Page.h\"

const unsigned char PAGE[] = {
	${BYTES}
};

const std::size_t PAGE_SIZE = sizeof(PAGE);
")
