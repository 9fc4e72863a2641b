// Package artifactcache gives attempts their access to the artifact service,
// with a cache of what was fetched on the worker's disk.
//
// The cache is bounded: when it grows beyond its size, what was not used for
// longest is removed. What an attempt has fetched stays until that attempt has
// ended.
package artifactcache
