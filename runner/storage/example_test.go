package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"mlops/runner/storage"
	"mlops/runner/table"
)

// shop is an Opener with a folder of one file, which its caller removes.
func shop() (o *storage.Opener, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	return storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}}), func() { os.RemoveAll(dir) }
}

func ExampleOpener_WriteText() {
	o, remove := shop()
	defer remove()
	ctx := context.Background()
	if err := o.WriteText(ctx, "notes/today.txt", "all well"); err != nil {
		log.Fatal(err)
	}
	text, err := o.ReadText(ctx, "notes/today.txt")
	fmt.Println(text, err)
	there, err := o.Exists(ctx, "notes/tomorrow.txt")
	fmt.Println(there, err)
	// Output:
	// all well <nil>
	// false <nil>
}

func ExampleOpener_ReadParquet() {
	o, remove := shop()
	defer remove()
	ctx := context.Background()
	prices, err := table.New(
		table.NewString("item", []string{"tea", "coffee"}, nil),
		table.NewFloat64("price", []float64{2.5, 3}, nil),
	)
	if err != nil {
		log.Fatal(err)
	}
	for _, location := range []string{"sales/2026/01.parquet", "sales/2026/02.parquet"} {
		if err := o.WriteParquet(ctx, location, prices); err != nil {
			log.Fatal(err)
		}
	}
	for file, err := range o.ListParquetFiles(ctx, "sales") {
		if err != nil {
			log.Fatal(err)
		}
		t, err := o.ReadParquet(ctx, "sales/"+file.Key, "price")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Key, t.Names(), t.NumRows())
	}
	// Output:
	// 2026/01.parquet [price] 2
	// 2026/02.parquet [price] 2
}

// Who changes what others change looks up the tag, reads, and writes back on the
// condition that nothing came in between.
func ExampleOpener_WriteIf() {
	o, remove := shop()
	defer remove()
	ctx := context.Background()
	write := func(tag, text string) error {
		return o.WriteIf(ctx, "state.txt", tag, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	fmt.Println(write("", "one")) // makes it
	read, err := o.Entry(ctx, "state.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(write(read.Tag, "one, two"))
	err = write(read.Tag, "one, three")
	var conflict *storage.ConflictError
	fmt.Println(errors.As(err, &conflict))
	text, err := o.ReadText(ctx, "state.txt")
	fmt.Println(text, err)
	// Output:
	// <nil>
	// <nil>
	// true
	// one, two <nil>
}

func ExampleOpener_Glob() {
	o, remove := shop()
	defer remove()
	ctx := context.Background()
	for _, name := range []string{"leak/1.tpl", "leak/1.genkey", "leak/notes.txt", "steady/2.tpl"} {
		if err := o.WriteText(ctx, "raw/"+name, name); err != nil {
			log.Fatal(err)
		}
	}
	if err := o.Copy(ctx, "raw/steady/2.tpl", "raw/leak/2.tpl"); err != nil {
		log.Fatal(err)
	}
	if err := o.Delete(ctx, "raw/steady/2.tpl"); err != nil {
		log.Fatal(err)
	}
	for file, err := range o.Glob(ctx, "raw", "**/*.{tpl,genkey}") {
		fmt.Println(file.Key, err)
	}
	// Output:
	// leak/1.genkey <nil>
	// leak/1.tpl <nil>
	// leak/2.tpl <nil>
}
