"""A call that is over, put together so that it can be played: sound, words, moods and marks on one time line. Pure."""
