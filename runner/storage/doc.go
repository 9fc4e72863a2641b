// Package storage opens what a path or a URL names, within what is allowed.
//
// An [Opener] resolves locations: a plain path (relative ones from a base
// directory), file:///path, and URLs of schemes that were registered with it.
// Behind a scheme stands either a [Resolver], which fetches the thing and says
// where it lies on this machine, as for artifact://, or a [Bucket], which is read
// and written in place. What can be done is the same for all: open and read by
// ranges, write whole or not at all, write on the condition that nobody else did,
// list by prefix and by pattern, copy, delete; and in one step read and write texts
// and Parquet.
//
// An Opener with allowed roots opens, writes, moves and removes nothing outside
// them. A location is resolved to its real path first, with every symbolic link
// followed; then all work is done through an [os.Root], which also holds when
// somebody swaps a directory for a link in between.
//
// Files appear whole or not at all: [Opener.WriteAtomic] writes a temporary file
// next to the target and renames it.
package storage
