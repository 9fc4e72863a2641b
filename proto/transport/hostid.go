package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
)

// HostID names this host: the same for every process that sees the same files,
// another one elsewhere. It is a hash, so that the host's own identity is not
// told to the master. The host name is part of it because containers of one
// host share the kernel, and often an image's machine id, but not their files.
func HostID() string {
	hostname, _ := os.Hostname()
	return hostID([]string{"/etc/machine-id", "/proc/sys/kernel/random/boot_id"}, hostname)
}

// hostID hashes the first of the files that holds something, with the host name.
func hostID(files []string, hostname string) string {
	machine := ""
	for _, f := range files {
		if raw, err := os.ReadFile(f); err == nil {
			if machine = strings.TrimSpace(string(raw)); machine != "" {
				break
			}
		}
	}
	sum := sha256.Sum256([]byte("mlops host\x00" + machine + "\x00" + hostname))
	return hex.EncodeToString(sum[:16])
}
