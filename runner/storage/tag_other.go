//go:build !linux

package storage

import (
	"fmt"
	"io/fs"
)

// fileTag is made of size and time of modification.
func fileTag(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}
