# How often each word of at least "shortest" letters stands in the files.
{
    line = tolower($0)
    while (match(line, /[a-z]+/)) {
        if (RLENGTH >= shortest) count[substr(line, RSTART, RLENGTH)]++
        line = substr(line, RSTART + RLENGTH)
    }
}
END {
    for (word in count) printf "%d %s\n", count[word], word > "words.unsorted"
    close("words.unsorted")
}
