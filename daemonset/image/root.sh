#!/bin/sh
# Copies named Debian packages, and those that they depend on, out of this system into a root file system of their own:
#   root.sh FOLDER PACKAGE…
# What only installs software (apt, dpkg, perl, debconf) is left behind, and with it everything setuid. /var/lib/dpkg/status has
# the packages that are there, for those who look for vulnerable ones.
set -eu

target=$1
shift

# Installers: maintainer scripts ask for them, nothing that runs later does. A virtual package names nothing to copy.
is_wanted() {
  case $1 in
    debconf | dpkg | perl-base | install-info) return 1 ;;
  esac
  dpkg-query -s "$1" > /dev/null 2>&1
}

# One name a line; of alternatives all that are installed.
dependencies_of() {
  dpkg-query -W -f '${Pre-Depends}, ${Depends}\n' "$1" | tr ',|' '\n\n' | sed 's/(.*//; s/:any//; s/ //g; /^$/d'
}

packages=
waiting=$*
while [ -n "$waiting" ]; do
  found=
  for package in $waiting; do
    case " $packages " in
      *" $package "*) continue ;;
    esac
    is_wanted "$package" || continue
    packages="$packages $package"
    found="$found $(dependencies_of "$package")"
  done
  waiting=$(echo $found)
done

mkdir -p "$target"
for package in $packages; do
  dpkg-query -L "$package" | sed -n 's|^/||p' | grep -vE '^(usr/share/(man|info|locale|lintian|bug)/|usr/share/doc/.*/(changelog|NEWS|README|TODO))' || :
done | sort -u > "$target.files"
(
  cd /
  for name in bin sbin lib lib64; do [ ! -L "$name" ] || echo "$name"; done
  find etc/alternatives etc/passwd etc/group etc/nsswitch.conf
  find usr/bin usr/sbin -lname '/etc/alternatives/*'
  # Names below /bin and /lib lead through links of the merged /usr.
  while read -r name; do [ ! -e "$name" ] && [ ! -L "$name" ] || echo "$(cd "$(dirname "$name")" && pwd -P)/$(basename "$name")"; done \
    < "$target.files" | sed 's|^//*||'
) | sort -u > "$target.list"
tar -C / --no-recursion --files-from "$target.list" -cf - | tar -C "$target" -xpf -
rm "$target.files" "$target.list"

# Links to what stays behind: in this order, for /usr/bin leads to /etc/alternatives.
for folder in etc/alternatives usr/bin usr/sbin; do
  find "$target/$folder" -type l | while read -r link; do
    chroot "$target" test -e "${link#"$target"}" || rm "$link"
  done
done
find "$target" -xdev -type f -perm /6000 -exec chmod a-s {} +
mkdir -p "$target/var/lib/dpkg"
for package in $packages; do dpkg-query -s "$package" && echo; done > "$target/var/lib/dpkg/status"
ldconfig -r "$target"
rm -rf "$target/var/cache/ldconfig"
