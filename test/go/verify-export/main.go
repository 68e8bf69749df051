// verify-export checks an exported log with the code of another author: golang.org/x/mod/sumdb, which guards Go's own
// module checksums. It knows nothing of Vouch but the file layout of https://c2sp.org/tlog-tiles.
//
//	verify-export DIR [VKEY [OLD_CHECKPOINT]]
//
// VKEY is the log's Ed25519 key, known from elsewhere; without it the first line of DIR/vkey is believed. OLD_CHECKPOINT is
// an earlier signed checkpoint of the log. Exit code 0: everything holds.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if len(os.Args) < 2 || len(os.Args) > 4 {
		fail("usage: verify-export DIR [VKEY [OLD_CHECKPOINT]]")
	}
	dir := os.Args[1]
	verifier, err := note.NewVerifier(readKey(dir))
	check("verifier key", err)
	tree := readCheckpoint(filepath.Join(dir, "checkpoint"), verifier)

	hashes := hashEntries(dir, tree.N)
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for n, index := range indexes {
			list[n] = hashes[index]
		}
		return list, nil
	})
	root, err := tlog.TreeHash(tree.N, reader)
	check("root over the entries", err)
	if root != tree.Hash {
		fail("the entries have another root than was signed")
	}
	tiles := compareTiles(dir, tree.N, reader)

	// Proofs are made from the exported tiles, which TileHashReader authenticates against the signed root, and checked
	// against the hashes of the entries.
	if tree.N > 0 {
		fromTiles := tlog.TileHashReader(tree, tileFiles{dir})
		step := tree.N/2000 + 1
		for n := int64(0); n < tree.N; n += step {
			proof, err := tlog.ProveRecord(tree.N, n, fromTiles)
			check("inclusion proof", err)
			check(fmt.Sprintf("inclusion of entry %d", n), tlog.CheckRecord(proof, tree.N, tree.Hash, n, hashes[tlog.StoredHashIndex(0, n)]))
		}
	}
	consistent := "no earlier checkpoint given"
	if len(os.Args) == 4 {
		old := readCheckpoint(os.Args[3], verifier)
		if old.N == 0 || old.N > tree.N {
			fail("the earlier checkpoint is empty or later")
		}
		proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, tileFiles{dir}))
		check("consistency proof", err)
		check("consistency", tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
		consistent = fmt.Sprintf("grown from %d", old.N)
	}
	fmt.Printf("ok: %s, %d entries, %d tiles, %s\n", verifier.Name(), tree.N, tiles, consistent)
}

func readKey(dir string) string {
	if len(os.Args) > 2 {
		return os.Args[2]
	}
	lines, err := os.ReadFile(filepath.Join(dir, "vkey"))
	check("vkey", err)
	return strings.SplitN(string(lines), "\n", 2)[0]
}

func readCheckpoint(path string, verifier note.Verifier) tlog.Tree {
	text, err := os.ReadFile(path)
	check("checkpoint", err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	check("signature", err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("the checkpoint is not of the log that the key is named after")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check("size", err)
	root, err := tlog.ParseHash(lines[2])
	check("root", err)
	return tlog.Tree{N: size, Hash: root}
}

// hashEntries hashes every entry of every bundle and returns all hashes of the tree in the order of StoredHashIndex.
func hashEntries(dir string, size int64) []tlog.Hash {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for n, index := range indexes {
			list[n] = hashes[index]
		}
		return list, nil
	})
	for start := int64(0); start < size; start += 1 << height {
		width := size - start
		if width > 1<<height {
			width = 1 << height
		}
		path := tilePath(tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)})
		bundle, err := os.ReadFile(filepath.Join(dir, path))
		check(path, err)
		for n := start; n < start+width; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				fail(fmt.Sprintf("%s ends within entry %d", path, n))
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			stored, err := tlog.StoredHashes(n, bundle[2:end], reader)
			check("stored hashes", err)
			hashes = append(hashes, stored...)
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			fail(path + " has bytes after its last entry")
		}
	}
	return hashes
}

// compareTiles holds every tile of the tree against the hashes of the entries, and returns how many there are.
func compareTiles(dir string, size int64, reader tlog.HashReader) int {
	count := 0
	for level := 0; size>>(height*uint(level)) > 0; level++ {
		width := size >> (height * uint(level))
		for start := int64(0); start < width; start += 1 << height {
			tile := tlog.Tile{H: height, L: level, N: start >> height, W: 1 << height}
			if width-start < 1<<height {
				tile.W = int(width - start)
			}
			expected, err := tlog.ReadTileData(tile, reader)
			check("tile", err)
			stored, err := os.ReadFile(filepath.Join(dir, tilePath(tile)))
			check(tilePath(tile), err)
			if !bytes.Equal(stored, expected) {
				fail(tilePath(tile) + " is not the tile of these entries")
			}
			count++
		}
	}
	return count
}

// tilePath is the path of tlog-tiles: without the height, and with "entries" for "data".
func tilePath(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}

type tileFiles struct{ dir string }

func (files tileFiles) Height() int                                { return height }
func (files tileFiles) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func (files tileFiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for n, tile := range tiles {
		bytes, err := os.ReadFile(filepath.Join(files.dir, tilePath(tile)))
		if err != nil {
			return nil, err
		}
		data[n] = bytes
	}
	return data, nil
}

func check(what string, err error) {
	if err != nil {
		fail(what + ": " + err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "not ok: "+why)
	os.Exit(1)
}
