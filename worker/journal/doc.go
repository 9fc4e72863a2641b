// Package journal keeps a worker's results until the master has acknowledged
// them, across crashes of the worker and of its host.
//
// It is one append-only file. [Journal.Put] writes any number of results with
// one flush to the disk and returns when they are durable; only then does the
// worker report them. [Journal.Forget] notes that a result is no longer needed,
// without a flush: a result that comes back after a crash is merely reported
// once more. The file is emptied when nothing in it is needed, and rewritten
// when little is.
//
//	file   = header record*
//	header = "mlops journal 1\n"
//	record = magic length crc payload
//	magic  = 0xA7 'm' 'j' 0x0A
//	length = uint32, of payload, big-endian
//	crc    = uint32, CRC-32C of payload, big-endian
//	payload= 'P' HeldAttempt | 'F' AttemptRef
//
// A record that a crash tore is dropped: it was never reported. Damage further
// up is skipped by looking for the next whole record; the damaged file is kept
// aside under another name and a warning says so.
package journal
