# SPDX-License-Identifier: GPL-3.0-or-later

# MMSH_TRY_FLAGS(FLAGS, IF-TAKEN, IF-REFUSED)
# Whether compiler and linker take FLAGS.
AC_DEFUN([MMSH_TRY_FLAGS], [
	mmsh_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [mmsh_taken=yes], [mmsh_taken=no])
	CFLAGS=$mmsh_save_CFLAGS
	AS_IF([test $mmsh_taken = yes], [$2], [$3])
])

# MMSH_WARNINGS(FLAGS)
# Adds those of FLAGS that the compiler knows to MMSH_CFLAGS.
AC_DEFUN([MMSH_WARNINGS], [
	for mmsh_flag in $1; do
		MMSH_TRY_FLAGS([$mmsh_flag], [MMSH_CFLAGS="$MMSH_CFLAGS $mmsh_flag"], [])
	done
])

# MMSH_SWITCH(NAME, HELP, FLAGS)
# --enable-NAME compiles and links everything of the project with FLAGS.
AC_DEFUN([MMSH_SWITCH], [
	AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])])
	AS_IF([test "x$enable_$1" = xyes],
		[MMSH_TRY_FLAGS([$3], [MMSH_CFLAGS="$MMSH_CFLAGS $3"],
			[AC_MSG_ERROR([--enable-$1: $CC does not take $3])])])
])

# MMSH_EDITOR
# --with-editor: defines USE_READLINE, USE_LIBEDIT or neither; EDITOR_CFLAGS, EDITOR_LIBS.
AC_DEFUN([MMSH_EDITOR], [
	AC_ARG_WITH([editor], [AS_HELP_STRING([--with-editor=readline|libedit|none|auto],
		[line editing at the prompt (default: auto, the first of these found)])],
		[], [with_editor=auto])
	AS_CASE([$with_editor], [readline|libedit|none|auto], [],
		[no], [with_editor=none], [yes], [with_editor=auto],
		[AC_MSG_ERROR([--with-editor takes readline, libedit, none or auto])])
	mmsh_editor=none
	AS_CASE([$with_editor], [readline|auto],
		[PKG_CHECK_MODULES([READLINE], [readline], [mmsh_editor=readline], [:])])
	AS_IF([test $mmsh_editor = none],
		[AS_CASE([$with_editor], [libedit|auto],
			[PKG_CHECK_MODULES([LIBEDIT], [libedit], [mmsh_editor=libedit], [:])])])
	AS_CASE([$mmsh_editor],
		[readline], [AC_DEFINE([USE_READLINE], [1], [Edit lines with GNU readline.])
			EDITOR_CFLAGS=$READLINE_CFLAGS EDITOR_LIBS=$READLINE_LIBS],
		[libedit], [AC_DEFINE([USE_LIBEDIT], [1], [Edit lines with libedit.])
			EDITOR_CFLAGS=$LIBEDIT_CFLAGS EDITOR_LIBS=$LIBEDIT_LIBS])
	AS_IF([test $with_editor != auto && test $with_editor != $mmsh_editor],
		[AC_MSG_ERROR([--with-editor=$with_editor: pkg-config does not find $with_editor])])
	AC_SUBST([EDITOR_CFLAGS])
	AC_SUBST([EDITOR_LIBS])
])
