#!/bin/sh
# Copies named Debian packages, and those that they depend on, out of this system into a root file system of their own:
#   root.sh FOLDER PACKAGE…
# What only installs software (apt, dpkg, perl, debconf) is left behind, and with it everything setuid. /var/lib/dpkg/status has
# the packages that are there, for those who look for vulnerable ones. Few processes: emulated, each takes its time.
set -eu

target=$1
shift

# Of alternatives all that are installed; a virtual package names nothing to copy. Maintainer scripts ask for debconf, what runs does not.
packages=$(dpkg-query -W -f '${Package}\t${Pre-Depends}, ${Depends}\n' | awk -F '\t' -v "wanted=$*" '
  { dependencies[$1] = $2 }
  END {
    split("debconf dpkg install-info perl-base", installers, " ")
    for (i in installers) delete dependencies[installers[i]]
    count = split(wanted, queue, " ")
    for (i = 1; i <= count; i++) {
      package = queue[i]
      if (package in seen || !(package in dependencies)) continue
      seen[package]
      print package
      named = split(dependencies[package], names, /[,|] */)
      for (j = 1; j <= named; j++) {
        sub(/[ (:].*/, "", names[j])
        queue[++count] = names[j]
      }
    }
  }')

mkdir -p "$target"
(
  cd /
  for name in bin sbin lib lib64; do [ ! -L "$name" ] || echo "$name"; done
  # Which iptables is meant.
  find etc/alternatives etc/passwd etc/group etc/nsswitch.conf
  find usr/bin usr/sbin -lname '/etc/alternatives/*'
  # Older packages name files by the links of the merged /usr. What the base was made without is not there.
  dpkg-query -L $packages \
    | sed -n 's|^/\(.\)|\1|p' \
    | sed -E 's#^(bin|sbin|lib|lib64)/#usr/\1/#' \
    | grep -vE '^usr/share/(man|info|locale|lintian|bug)/|^usr/share/doc/.*/(changelog|NEWS|README|TODO)|^(bin|sbin|lib|lib64)$' \
    | while read -r name; do [ ! -e "$name" ] && [ ! -L "$name" ] || echo "$name"; done
) | sort -u | tar -C / --no-recursion --files-from - -cf - | tar -C "$target" -xpf -

# Links to what stays behind: in this order, for /usr/bin leads to /etc/alternatives.
chroot "$target" sh -c 'for link in /etc/alternatives/* /usr/bin/* /usr/sbin/*; do [ -e "$link" ] || rm "$link"; done'
find "$target" -xdev -type f -perm /6000 -exec chmod a-s {} +
mkdir -p "$target/var/lib/dpkg"
dpkg-query -s $packages > "$target/var/lib/dpkg/status"
ldconfig -r "$target"
rm -rf "$target/var/cache/ldconfig"
