// Package etl runs pipelines of extract, transform and load over cases, one item
// after another or many at once, and never twice the same.
//
// # Pieces
//
// A [Type] is a kind of pipeline: a name, the struct that its section of
// pipelines_config.yml decodes into, and a function that opens it. A [Registry]
// holds the types; [Registry.Open] makes a [Job] of a section. A [Job] runs in
// one process with [Job.Run], or spread over many with [Job.Plan], [Job.Process]
// and [Job.Gather], which give the same bytes.
//
// A pipeline says what it consists of and what to do with one:
//
//	Plan     lists the items, each with its inputs; reads names, no data
//	Process  makes one item's outputs of its inputs
//	Gather   makes one thing of all items' outputs, where the type has one
//
// Most pipelines are four stages, [Stages]: an [Extractor] streams batches of an
// item's input, each [Validator] passes or refuses them, a [Transformer] makes
// other batches of them and a [Loader] writes those. Batches are pulled one by
// one, so that memory stays the size of a batch times the workers, whatever the
// size of the input.
//
// The runner owns everything else: workers, the order of results, what is done
// already, manifests, atomic files, failures, progress. See [Work] for what a
// pipeline is given.
//
// # What is done already
//
// Beside an item's outputs lies its [Manifest]: every key of the configuration
// and their hash, the inputs' and outputs' digests, the version of the code, the
// number of rows. An item is skipped if all of that is as it was, and else done
// again, with the reason told: "config changed: window_size 40 → 50". Digests are
// cached with the file's size, times and inode, or the store's version of it, so
// that a second run reads no data. A manifest is written after the outputs which
// it names; an output that is torn or was edited does not match its digest.
//
// Outputs of items that the plan does not have any more are removed, if they are
// still what was written.
//
// # Two runs at once
//
// Two runs of one configuration would do each other little harm: outputs are
// deterministic, and appear whole or not at all. Two of different ones would mix.
// So an output folder belongs to one run, which the file .manifests/run.json names,
// a [Claim]. A run claims the folder when it plans, and looks whether it still has
// it before it makes anything visible: a run that was overtaken ends with a
// [*TakenError] and writes nothing more. The run that began last has the folder.
// This needs no lease, which would need clocks that agree, and have a run that was
// killed on some worker keep the next one waiting; and no store that can write on a
// condition. A plan that is tried again, after its worker was lost, claims the
// folder anew.
//
// On one machine the kernel knows who is alive. There the run that came first is
// not disturbed: it holds a lock on .manifests/lock, which ends with its process,
// and a second one ends at once with a [*BusyError] that names the first. The shards
// of a fan-out share the lock while each is at work, and keep others away together.
// In a bucket, or where shards are at work on other machines alone, the claim is all
// there is.
//
// Between the look and the write lies a moment in which another run may claim the
// folder. What is written in it is found: gathering takes no output that is not what
// the manifest of its item tells, and no item of another configuration, and fails;
// and a later run does such an item again.
//
// # Words
//
// An item is the unit of work and of failure: a case, mostly. It ends done,
// skipped or failed, the latter two with a reason. on_error says whether a failed
// item ends the run.
package etl
