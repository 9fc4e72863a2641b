package bolt

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// The layout. Integers are big-endian, so that keys sort by value; wid is the
// sixteen bytes of a workflow's id; ord is a task's ordinal in four bytes.
//
//	meta      "format"                → "mlops-statestore"
//	          "schema"                → version, 8 bytes
//	workflow  wid                     → Workflow without id, spec, result
//	task      wid ord                 → Task without ids, spec, result, inputs and
//	                                    the children and then of its join
//	payload   wid ord 's'             → TaskSpec
//	          wid ord 'r'             → Result
//	          wid ord 'i'             → Task with inputs alone
//	          wid ord 'j'             → Join with children and then alone
//	queue     ^priority created wid ord → nothing: the tasks that are not final
//	created   created wid             → nothing: all workflows by age
//	finished  finished wid            → nothing: final workflows by age;
//	                                    the bucket's sequence is their number
//	key       len(owner) owner key    → wid: idempotency keys
//	change    wid seq                 → delimited Events, numbered from seq on
//	line      wid seq                 → Event: progress and log lines
//	          wid 0                   → number of the workflow's lines, 8 bytes
//	doomed    wid                     → nothing: workflows being deleted
//	drained   worker id               → nothing
//	link      name                    → ArtifactLink
//
// What a transition rewrites is small: specs, results, inputs and lists of
// children are written once and stay apart from the records that change. A
// workflow's spec is its task 0's; its result is that of the last in the line of
// task 0's continuations.
var (
	bucketMeta     = []byte("meta")
	bucketWorkflow = []byte("workflow")
	bucketTask     = []byte("task")
	bucketPayload  = []byte("payload")
	bucketQueue    = []byte("queue")
	bucketCreated  = []byte("created")
	bucketFinished = []byte("finished")
	bucketKey      = []byte("key")
	bucketChange   = []byte("change")
	bucketLine     = []byte("line")
	bucketDoomed   = []byte("doomed")
	bucketDrained  = []byte("drained")
	bucketLink     = []byte("link")

	keyFormat = []byte("format")
	keySchema = []byte("schema")
)

// format is what tells our files from those of other applications.
const format = "mlops-statestore"

// schemaVersion is the layout that this code reads and writes.
const schemaVersion = 1

// dataBuckets are all but meta.
func dataBuckets() [][]byte {
	return [][]byte{
		bucketWorkflow, bucketTask, bucketPayload, bucketQueue, bucketCreated, bucketFinished,
		bucketKey, bucketChange, bucketLine, bucketDoomed, bucketDrained, bucketLink,
	}
}

// Kinds of payload.
const (
	payloadSpec   = 's'
	payloadResult = 'r'
	payloadInputs = 'i'
	payloadJoin   = 'j'
)

// maxNameBytes bounds names that become keys: owners with idempotency keys,
// worker ids, names of links. It stays far below bbolt's own bound.
const maxNameBytes = 4096

// create lays out an empty store.
func create(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	for _, name := range dataBuckets() {
		if _, err := tx.CreateBucket(name); err != nil {
			return fmt.Errorf("bucket %s: %w", name, err)
		}
	}
	if err := meta.Put(keyFormat, []byte(format)); err != nil {
		return err
	}
	return meta.Put(keySchema, binary.BigEndian.AppendUint64(nil, schemaVersion))
}

// taskKey is where a task's record is.
func taskKey(wid uuid.UUID, ordinal uint32) []byte {
	return binary.BigEndian.AppendUint32(wid[:len(wid):len(wid)], ordinal)
}

// payloadKey is where one of a task's payloads is.
func payloadKey(wid uuid.UUID, ordinal uint32, kind byte) []byte {
	return append(taskKey(wid, ordinal), kind)
}

// seqKey is where an event is.
func seqKey(wid uuid.UUID, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(wid[:len(wid):len(wid)], seq)
}

// timeKey is a workflow's place in an index by time.
func timeKey(t time.Time, wid uuid.UUID) []byte {
	return append(appendTime(make([]byte, 0, 24), t), wid[:]...)
}

// queueKey is a task's place in the queue: larger priorities first, then age.
func queueKey(priority int32, created time.Time, wid uuid.UUID, ordinal uint32) []byte {
	k := binary.BigEndian.AppendUint32(make([]byte, 0, 32), ^(uint32(priority) ^ 1<<31))
	k = append(appendTime(k, created), wid[:]...)
	return binary.BigEndian.AppendUint32(k, ordinal)
}

// parseQueueKey names the task whose place in the queue k is.
func parseQueueKey(k []byte) (wid uuid.UUID, ordinal uint32, ok bool) {
	if len(k) != 32 {
		return uuid.UUID{}, 0, false
	}
	return uuid.UUID(k[12:28]), binary.BigEndian.Uint32(k[28:]), true
}

// appendTime appends an instant so that earlier ones sort first.
func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixNano())^1<<63)
}

// parseTime is the reverse of appendTime.
func parseTime(b []byte) time.Time {
	n := binary.BigEndian.Uint64(b) ^ 1<<63
	return time.Unix(0, int64(n)).UTC()
}

// idempotencyKey is where an owner's key is.
func idempotencyKey(owner, key string) ([]byte, error) {
	if len(owner)+len(key) > maxNameBytes {
		return nil, fmt.Errorf("owner and idempotency key take %d bytes; at most %d are kept", len(owner)+len(key), maxNameBytes)
	}
	k := binary.BigEndian.AppendUint32(nil, uint32(len(owner)))
	return append(append(k, owner...), key...), nil
}
