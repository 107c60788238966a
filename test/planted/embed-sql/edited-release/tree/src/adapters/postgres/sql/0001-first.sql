create schema somewhere_else;
