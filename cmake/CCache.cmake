# Lets a second build be cheap: compiles through ccache where that is installed, also in another clone of this project.

find_program(POCO_WEBSOCKET_CCACHE ccache)
mark_as_advanced(POCO_WEBSOCKET_CCACHE)
if(POCO_WEBSOCKET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
	set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
		CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
		${POCO_WEBSOCKET_CCACHE})
	if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
		add_compile_options(-fpch-preprocess) # ccache sees which precompiled header is used
	endif()
endif()
