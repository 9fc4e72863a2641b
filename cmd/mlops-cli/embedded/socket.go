package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is the longest path that a Unix socket can have everywhere: the
// address holds 104 bytes on BSD and macOS, 108 on Linux, one of them the end.
const maxSocketPath = 103

// socketPath returns the path of a state directory's socket: in the directory
// itself, or, where that is too long for an address, in a private directory for
// temporary files whose name is drawn from the state directory's.
func socketPath(stateDir string) (string, error) {
	path := filepath.Join(stateDir, "master.sock")
	if len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(stateDir))
	name := fmt.Sprintf("mlops-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:8]))
	for _, base := range []string{os.TempDir(), "/tmp"} {
		if path = filepath.Join(base, name, "master.sock"); len(path) <= maxSocketPath {
			return path, makePrivate(filepath.Dir(path))
		}
	}
	return "", fmt.Errorf("the state directory %s and the directory for temporary files are too deep for a socket; name a shorter one with --state or MLOPS_STATE", stateDir)
}

// makePrivate makes a directory where others may write too, or checks that the
// one that is there is the caller's and nobody else's: somebody else may have
// put it there.
func makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the socket's directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("socket's directory: %w", err)
	}
	if !info.IsDir() || !ownedByCaller(info) || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s is not a directory of the caller's own with mode 0700; remove it", dir)
	}
	return nil
}

func ownedByCaller(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// listen opens the socket for the caller alone, in place of one that a host left
// behind; the caller holds the lock, so that no living host uses it.
func listen(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove the socket left behind: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close the socket to others: %w", err), l.Close())
	}
	return l, nil
}
