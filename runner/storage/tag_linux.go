package storage

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileTag is made of size, inode and both times: the time of the last change of
// the inode cannot be set back by a program that copies files with their times.
func fileTag(info fs.FileInfo) string {
	tag := fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		tag += fmt.Sprintf("-%d-%d", stat.Ctim.Nano(), stat.Ino)
	}
	return tag
}
