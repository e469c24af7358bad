# Does what a portfile says, with the calls of vcpkg as far as the port needs them; for a release build only. FEATURES has the port's features.

cmake_minimum_required(VERSION 3.20)
set(CURRENT_PACKAGES_DIR ${PACKAGE})

function(run)
	execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The host's tools are where vcpkg has them.
set(CURRENT_HOST_INSTALLED_DIR ${BUILD}-host)
file(MAKE_DIRECTORY ${CURRENT_HOST_INSTALLED_DIR}/tools/flatbuffers)
find_program(FLATC flatc)
if(FLATC)
	file(CREATE_LINK ${FLATC} ${CURRENT_HOST_INSTALLED_DIR}/tools/flatbuffers/flatc SYMBOLIC)
endif()

function(vcpkg_check_features)
	cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
	set(options "")
	while(arg_FEATURES)
		list(POP_FRONT arg_FEATURES feature variable)
		if(feature IN_LIST FEATURES)
			list(APPEND options -D${variable}=ON)
		else()
			list(APPEND options -D${variable}=OFF)
		endif()
	endwhile()
	set(${arg_OUT_FEATURE_OPTIONS} ${options} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
	cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
	file(REMOVE_RECURSE ${BUILD} ${PACKAGE})
	run(${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${BUILD} -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
		-DCMAKE_INSTALL_PREFIX=${PACKAGE} -DCMAKE_INSTALL_LIBDIR=lib ${arg_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
	run(${CMAKE_COMMAND} --build ${BUILD} --parallel 2)
	run(${CMAKE_COMMAND} --install ${BUILD})
endfunction()

function(vcpkg_cmake_config_fixup)
	# The directory moves; the paths in its files are changed as vcpkg does it.
	cmake_parse_arguments(PARSE_ARGV 0 arg "" "PACKAGE_NAME;CONFIG_PATH" "")
	set(to ${PACKAGE}/share/${arg_PACKAGE_NAME})
	file(MAKE_DIRECTORY ${PACKAGE}/share)
	file(RENAME ${PACKAGE}/${arg_CONFIG_PATH} ${to})
	file(GLOB files ${to}/*.cmake)
	foreach(file IN LISTS files)
		file(READ ${file} text)
		set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
		string(REPLACE "${up}${up}${up}" "${up}${up}" text "${text}")
		string(REPLACE "\${CMAKE_CURRENT_LIST_DIR}/../../../" "\${CMAKE_CURRENT_LIST_DIR}/../../" text "${text}")
		file(WRITE ${file} "${text}")
	endforeach()
endfunction()

function(vcpkg_fixup_pkgconfig)
	if(NOT EXISTS ${PACKAGE}/lib/pkgconfig/PocoWebSocket.pc)
		message(FATAL_ERROR "There is no .pc file")
	endif()
endfunction()

function(vcpkg_install_copyright)
	cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
	file(COPY_FILE ${arg_FILE_LIST} ${PACKAGE}/share/poco-websocket-copyright)
	file(MAKE_DIRECTORY ${PACKAGE}/share/poco-websocket)
	file(RENAME ${PACKAGE}/share/poco-websocket-copyright ${PACKAGE}/share/poco-websocket/copyright)
endfunction()

include(${PORT}/portfile.cmake)
