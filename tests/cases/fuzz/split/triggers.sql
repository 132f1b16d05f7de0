CREATE TEMP TRIGGER "a;b" AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM `x;y` ; END;
select ';', "a"";", [b;] -- c;
; /* ; */
select 1
