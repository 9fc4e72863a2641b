// Package queue keeps the tasks that wait to be granted.
//
// It is plain memory: no locks, no clock, no store. Its owner (package dispatch)
// guards it and rebuilds it from the state store when the master starts, so an
// entry is a hint and the store has the last word on every grant.
//
// Tasks that need the same of a worker ([Need]) share a bucket, and each bucket
// keeps them by priority, then age. Taking work for a worker looks at the buckets
// that fit it, never at the tasks behind their heads, so that a grant costs the
// same with a thousand tasks waiting as with a hundred thousand. Tasks in backoff
// wait in a heap of their own by the time they become due.
package queue
