# Another Debian in a directory, as root. Sourced by script/lib/poco.sh and packaging/test.sh.
#
# SPDX-License-Identifier: BSL-1.0

make_debian() # <suite> <directory> [<package>,...]: unless it has been made already, with these
{
	local suite="$1" dir="$2" script="/usr/share/debootstrap/scripts/$1"
	[[ ! -e $dir/.complete || $(< "$dir/.complete") != "${3:-}" ]] || return 0
	[[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid # newer than debootstrap is
	leave_debian "$dir" # otherwise what is mounted would be removed, too
	rm -rf --one-file-system "$dir"
	mkdir -p "$dir"
	debootstrap --variant=minbase ${3:+"--include=$3"} "$suite" "$dir" "${MIRROR:-http://deb.debian.org/debian}" "$script" > "$dir.log" 2>&1 ||
		{ tail -n 5 "$dir.log"; return 1; }
	printf '127.0.0.1 localhost\n::1 localhost\n' > "$dir/etc/hosts"
	echo "${3:-}" > "$dir/.complete"
}

enter_debian() # <directory>: what programs in it need
{
	mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
	mountpoint -q "$1/sys" || mount -t sysfs -o ro sysfs "$1/sys"
	mountpoint -q "$1/dev/pts" || mount --bind /dev/pts "$1/dev/pts"
}

leave_debian() # <directory>
{
	local dir
	for dir in mnt dev/pts sys proc
	do
		if mountpoint -q "$1/$dir"; then umount "$1/$dir"; fi
	done
}

in_debian() # <directory> <command>...
{
	chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${@:2}"
}
