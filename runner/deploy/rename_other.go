//go:build unix && !linux

package deploy

func renameNew(from, to string) error { return reserveAndRename(from, to) }
